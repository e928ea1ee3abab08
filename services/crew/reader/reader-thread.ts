import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Reading, Source } from './read-document.ts';

/** How documents are read. */
export interface ReaderThreadOptions {
  /** How long one document may take, in ms. Default: 10,000. */
  timeLimitMs?: number;
  /** The heap that one document may take, in MiB. Default: 256. */
  heapLimitMib?: number;
}

/**
 * Reads documents on a thread of its own, one after the other. Markup can be made to cost a parser minutes (a list
 * that nests a thousand deep): here it costs the document that does it a time limit, and neither the heartbeats of the
 * agent nor its memory. The thread starts with the first document and is replaced after one that it had to give up.
 */
export class ReaderThread {
  readonly #timeLimitMs: number;
  readonly #heapLimitMib: number;
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReaderThreadOptions = {}) {
    this.#timeLimitMs = options.timeLimitMs ?? 10_000;
    this.#heapLimitMib = options.heapLimitMib ?? 256;
  }

  /** Reads a document once those before it are done. Throws the signal's reason as soon as it is aborted. */
  async read(source: Source, signal: AbortSignal): Promise<Reading> {
    signal.throwIfAborted();
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = before.then(() => turn.promise);
    try {
      await Promise.race([before, aborted(signal)]);
      return await this.#readNow(source, signal);
    } finally {
      turn.resolve();
    }
  }

  /** Ends the thread. A later document starts another. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #readNow(source: Source, signal: AbortSignal): Promise<Reading> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<Reading>();
    const tooSlow = `could not be read within ${this.#timeLimitMs / 1000} s. Nest and link less in it.`;
    const onFailure = (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') reject(error);
      else
        resolve({
          problem: `takes more than ${this.#heapLimitMib} MiB of memory to read. Send it in parts.`,
        });
    };
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(() => resolve({ problem: tooSlow }), this.#timeLimitMs);
    let isAnswered = false;
    worker.once('message', (reading: Reading) => {
      isAnswered = true;
      resolve(reading);
    });
    worker.once('error', onFailure);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.ref();
    try {
      worker.postMessage(source);
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      worker.off('error', onFailure);
      worker.unref();
      if (!isAnswered) this.#drop(worker);
    }
  }

  #start(): Worker {
    // Built, this file and the worker's both end in .js.
    const file = new URL(`./reader-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: this.#heapLimitMib } });
    worker.on('error', () => this.#drop(worker));
    return worker;
  }

  #drop(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
    void worker.terminate();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}
