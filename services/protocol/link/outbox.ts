import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type EncodedMessage, toBatch } from '../encoded.ts';

/** How many messages one batch holds at the most. */
const MAX_BATCH_MESSAGES = 256;
/** How many bytes one batch holds at the most; a bigger message goes alone. */
const MAX_BATCH_BYTES = 256 * 1024;

interface Waiting {
  bytes: EncodedMessage;
  onTaken: (() => void) | undefined;
}

/**
 * What one end of a link has to say, in batches: all that is ready when the stream has room goes at once, up
 * to the bounds of a batch. A lone message waits for nothing but the end of the current turn of the event
 * loop.
 */
export class Outbox<D extends DescMessage> implements AsyncIterable<MessageShape<D>> {
  readonly #schema: D;
  #waiting: Waiting[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: unknown;

  constructor(schema: D) {
    this.#schema = schema;
  }

  /**
   * Adds a message behind those that wait; `onTaken` is called when it goes into a batch, which is not before
   * the batch ahead of it has left for the network.
   */
  push(bytes: EncodedMessage, onTaken?: () => void): void {
    if (this.#ended) return;
    this.#waiting.push({ bytes, onTaken });
    this.#notify();
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
    this.#notify();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MessageShape<D>, void> {
    while (true) {
      if (this.#waiting.length > 0) yield toBatch(this.#schema, this.#take());
      else if (this.#ended && this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #notify(): void {
    if (!this.#wake) return;
    setImmediate(this.#wake);
    this.#wake = undefined;
  }

  #take(): EncodedMessage[] {
    let count = 0;
    let size = 0;
    for (const { bytes } of this.#waiting) {
      size += bytes.length;
      if (count === MAX_BATCH_MESSAGES || (count > 0 && size > MAX_BATCH_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count).map(({ bytes, onTaken }) => {
      onTaken?.();
      return bytes;
    });
  }
}
