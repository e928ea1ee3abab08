import type { Readable } from 'node:stream';
import type { StopSignal } from './stop-signal.ts';
import { Unreadable } from './unreadable.ts';

/** How many objects may wait for the reader before the stream is told to pause. */
const MAX_WAITING = 2;

/** How a reading ends. */
export interface ReadOptions {
  /** Ends the reading at once, with its reason. Default: nothing does. */
  signal?: StopSignal | undefined;
  /** What is thrown for a failure of the stream. Default: the failure itself. */
  toError?: (failure: unknown) => unknown;
  /** Called once when the reading is over, however it ended: to its end, by a failure, or because the reader left. */
  onOver?: () => void;
}

/**
 * Reads a stream object by object, and lets it run but little ahead of the reader.
 *
 * An object that is Unreadable is thrown as its error, after those before it. grpc-js reports a failure while objects
 * that arrived before it still wait in the stream: they are handed out first, then the failure is thrown. An abort ends
 * the reading at once.
 */
export function readObjects<T>(stream: Readable, options: ReadOptions = {}): AsyncIterableIterator<T> {
  return new ObjectReader(stream, options);
}

/** Callbacks rather than an async generator: what arrives while the reader waits is handed over within its turn. */
class ObjectReader<T> implements AsyncIterableIterator<T> {
  readonly #stream: Readable;
  readonly #options: ReadOptions;
  readonly #waiting: T[] = [];
  #reader: PromiseWithResolvers<IteratorResult<T>> | undefined;
  #failure: unknown;
  #failed = false;
  /** Whether what comes after the failure is of no use. */
  #cut = false;
  #over = false;

  constructor(stream: Readable, options: ReadOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on('data', this.#arrived).on('error', this.#broke).on('end', this.#tell).on('close', this.#tell);
    options.signal?.addEventListener('abort', this.#tell);
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#reader) throw new Error('The object before was not waited for.');
    const reader = Promise.withResolvers<IteratorResult<T>>();
    this.#reader = reader;
    this.#tell();
    if (this.#reader && this.#stream.isPaused()) this.#stream.resume();
    return reader.promise;
  }

  return(): Promise<IteratorResult<T>> {
    this.#finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #arrived = (object: T | Unreadable): void => {
    if (this.#cut) return;
    if (object instanceof Unreadable) {
      this.#cut = true;
      return this.#broke(object.error);
    }
    this.#waiting.push(object);
    this.#tell();
    if (this.#waiting.length >= MAX_WAITING) this.#stream.pause();
  };

  readonly #broke = (failure: unknown): void => {
    this.#failure = failure;
    this.#failed = true;
    this.#tell();
  };

  /** Tells the reader what there is to tell, where it waits for it. */
  readonly #tell = (): void => {
    const reader = this.#reader;
    if (!reader) return;
    const { signal, toError = (failure) => failure } = this.#options;
    if (this.#over) this.#settle(() => reader.resolve({ done: true, value: undefined }));
    else if (signal?.aborted) this.#settle(() => reader.reject(toError(signal.reason)));
    else if (this.#waiting.length > 0) {
      this.#reader = undefined;
      reader.resolve({ done: false, value: this.#waiting.shift()! });
    } else if (this.#failed && (this.#cut || this.#stream.readableLength === 0)) {
      this.#settle(() => reader.reject(toError(this.#failure)));
    } else if (this.#stream.readableEnded || this.#stream.destroyed) {
      this.#settle(() => reader.resolve({ done: true, value: undefined }));
    }
  };

  /** Tells the reader the last that there is to tell. */
  #settle(tell: () => void): void {
    this.#reader = undefined;
    this.#finish();
    tell();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.length = 0;
    const stream = this.#stream;
    stream
      .off('data', this.#arrived)
      .off('error', this.#broke)
      .off('end', this.#tell)
      .off('close', this.#tell);
    stream.pause();
    this.#options.signal?.removeEventListener('abort', this.#tell);
    this.#options.onOver?.();
  }
}
