import { nextTick } from 'node:process';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type EncodedMessage, toBatch } from '../encoded.ts';

/** How many messages one batch holds at the most. */
const MAX_BATCH_MESSAGES = 256;
/** How many bytes one batch holds at the most; a bigger message goes alone. */
const MAX_BATCH_BYTES = 256 * 1024;

/** How many messages may wait before whoever makes them is to wait as well. Ours: sixteen full batches. */
const MAX_WAITING_MESSAGES = 4096;
/** The same in bytes. Ours: as many as the largest message has. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

interface Waiting {
  bytes: EncodedMessage;
  onTaken: (() => void) | undefined;
}

/**
 * What one end of a link has to say, in batches: all that is ready when the stream has room goes at once, up
 * to the bounds of a batch. A message waits for nothing but the end of what runs now, promises included.
 */
export class Outbox<D extends DescMessage> implements AsyncIterableIterator<MessageShape<D>, undefined> {
  readonly #schema: D;
  readonly #onOver: () => void;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #first: EncodedMessage | undefined;
  #taken = 0;
  #takenBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #reader: PromiseWithResolvers<IteratorResult<MessageShape<D>, undefined>> | undefined;
  #scheduled = false;
  #ended = false;
  #failure: unknown;

  /** `onOver` is called when the reader has been told of the end, or stops before it. */
  constructor(schema: D, onOver: () => void = () => {}) {
    this.#schema = schema;
    this.#onOver = onOver;
  }

  /** How many messages have gone into a batch so far: those may have been written. */
  get taken(): number {
    return this.#taken;
  }

  /** How many bytes those have. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Has a message go ahead of all that wait. It is not counted among them, and replaces one that waits so. */
  pushFirst(bytes: EncodedMessage): void {
    if (this.#ended) return;
    this.#first = bytes;
    this.#schedule();
  }

  /**
   * Adds a message behind those that wait, and answers how many have to be taken before it is; `onTaken` is called
   * when it goes into a batch, which is not before nearly all of the batches ahead of it have left for the network.
   */
  push(bytes: EncodedMessage, onTaken?: () => void): number {
    if (this.#ended) return Number.POSITIVE_INFINITY;
    const ahead = this.#taken + this.#waiting.push({ bytes, onTaken }) - 1;
    this.#waitingBytes += bytes.length;
    this.#schedule();
    return ahead;
  }

  /**
   * Nothing while no more waits than should, 4,096 messages and 4 MiB; else settles when that is so again. Nothing is
   * refused beyond it, but whoever pushes because of what somebody else sends waits for this before taking more of it.
   */
  room(): Promise<void> | undefined {
    if (this.#hasRoom) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Whether nothing more is taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the iteration after what waits: with `failure`, where one is given. */
  end(failure?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#schedule();
    this.#tellRoom();
  }

  next(): Promise<IteratorResult<MessageShape<D>, undefined>> {
    const reader = Promise.withResolvers<IteratorResult<MessageShape<D>, undefined>>();
    this.#reader = reader;
    if (!this.#scheduled) this.#tell();
    return reader.promise;
  }

  return(): Promise<IteratorResult<MessageShape<D>, undefined>> {
    this.#waiting = [];
    this.#first = undefined;
    this.end();
    this.#onOver();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Has the reader told, where it waits, after what runs now: by then more may be ready. At the end of the turn of the
   * event loop even more would be, but Node writes only in the turn after the one in which it is told to.
   */
  #schedule(): void {
    if (!this.#reader || this.#scheduled) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      this.#tell();
    });
  }

  #tell(): void {
    const reader = this.#reader;
    const isEmpty = this.#waiting.length === 0 && !this.#first;
    if (!reader || (isEmpty && !this.#ended)) return;
    this.#reader = undefined;
    if (!isEmpty) {
      reader.resolve({ done: false, value: toBatch(this.#schema, this.#take()) });
      return;
    }
    if (this.#failure === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(this.#failure);
    this.#failure = undefined;
    this.#onOver();
  }

  #take(): EncodedMessage[] {
    const first = this.#first ? [this.#first] : [];
    let room = MAX_BATCH_MESSAGES - first.length;
    let size = this.#first?.length ?? 0;
    let count = 0;
    for (const { bytes } of this.#waiting) {
      size += bytes.length;
      if (room === 0 || (size > bytes.length && size > MAX_BATCH_BYTES)) break;
      room--;
      count++;
    }
    this.#first = undefined;
    this.#taken += count;
    const taken = this.#waiting.splice(0, count).map(({ bytes, onTaken }) => {
      this.#waitingBytes -= bytes.length;
      this.#takenBytes += bytes.length;
      onTaken?.();
      return bytes;
    });
    this.#tellRoom();
    return first.length > 0 ? [...first, ...taken] : taken;
  }

  get #hasRoom(): boolean {
    const { length } = this.#waiting;
    return this.#ended || (length <= MAX_WAITING_MESSAGES && this.#waitingBytes <= MAX_WAITING_BYTES);
  }

  #tellRoom(): void {
    if (!this.#room || !this.#hasRoom) return;
    this.#room.resolve();
    this.#room = undefined;
  }
}
