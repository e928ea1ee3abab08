import type { Writable } from 'node:stream';

/**
 * How many objects may be on their way to the network where the writer does not say: with one alone the stream would
 * idle between two turns of the event loop. grpc-js by itself would queue 16, however large.
 */
const MAX_UNWRITTEN = 2;

/**
 * Writes what an iteration yields, and takes the next only when all but a few have left for the network. Resolves when
 * the last has left, fails as the iteration does, and ends early without a failure when the signal aborts: then the
 * iteration is told that its reader has left, but not waited for, as it may itself wait for something that never comes.
 * An object that can be disposed of is, once it has left.
 */
export function writeObjects<T>(
  stream: Writable,
  objects: AsyncIterable<T>,
  signal: AbortSignal,
  maxUnwritten = MAX_UNWRITTEN,
): Promise<void> {
  return new Promise((resolve, reject) => {
    new Pump(stream, objects[Symbol.asyncIterator](), signal, maxUnwritten, resolve, reject).start();
  });
}

/** The way of objects from an iteration to a stream. Callbacks, as a promise or listener per object would show. */
class Pump<T> {
  readonly #stream: Writable;
  readonly #objects: AsyncIterator<T>;
  readonly #signal: AbortSignal;
  readonly #maxUnwritten: number;
  readonly #resolve: () => void;
  readonly #reject: (failure: unknown) => void;
  #unwritten = 0;
  #asking = false;
  /** Settles the whole, once nothing more comes and all that came has left. */
  #settle: (() => void) | undefined;
  #settled = false;

  constructor(
    stream: Writable,
    objects: AsyncIterator<T>,
    signal: AbortSignal,
    maxUnwritten: number,
    resolve: () => void,
    reject: (failure: unknown) => void,
  ) {
    this.#stream = stream;
    this.#objects = objects;
    this.#signal = signal;
    this.#maxUnwritten = maxUnwritten;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    this.#signal.addEventListener('abort', this.#stop);
    if (this.#signal.aborted) this.#stop();
    else this.#ask();
  }

  #ask(): void {
    if (this.#asking || this.#settle || this.#settled || this.#unwritten >= this.#maxUnwritten) return;
    this.#asking = true;
    this.#objects.next().then(this.#onNext, this.#onFailure);
  }

  readonly #onNext = ({ done, value }: IteratorResult<T>): void => {
    this.#asking = false;
    if (this.#settled) return;
    if (done) return this.#settleWhenWritten(this.#resolve);
    this.#unwritten++;
    this.#stream.write(value, () => this.#onWritten(value as Partial<Disposable>));
    this.#ask();
  };

  readonly #onFailure = (failure: unknown): void => {
    this.#settleWhenWritten(() => this.#reject(failure));
  };

  #onWritten(value: Partial<Disposable>): void {
    value[Symbol.dispose]?.();
    this.#unwritten--;
    if (this.#settle) this.#settleWhenWritten(this.#settle);
    else this.#ask();
  }

  /** Of a call that was cancelled grpc-js says nothing any more, so what is unwritten is not waited for. */
  readonly #stop = (): void => {
    this.#end(this.#resolve);
    this.#objects.return?.().catch(() => {});
  };

  #settleWhenWritten(settle: () => void): void {
    this.#settle = settle;
    if (this.#unwritten === 0) this.#end(settle);
  }

  #end(settle: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal.removeEventListener('abort', this.#stop);
    settle();
  }
}
