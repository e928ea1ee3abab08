import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import type { Reading, Source } from './read-document.ts';

/** How documents are read. */
export interface ReaderProcessOptions {
  /** How long one document may take, in milliseconds. Default: 10,000. */
  timeLimitMs?: number;
  /** The heap that reading may take, in MiB. Default: 256. */
  heapLimitMib?: number;
}

/**
 * Reads documents in a process of its own, one after the other. Markup can be made to cost a parser minutes (a list
 * that nests a thousand deep) or gigabytes (tags left open): here it costs the document that does it a limit, and
 * neither the heartbeats of the agent nor its memory. A worker thread would not do: V8 ends the whole process when
 * the heap of a thread is full. The process starts with the first document, and anew after one that it was given up
 * for.
 */
export class ReaderProcess {
  readonly #timeLimitMs: number;
  readonly #heapLimitMib: number;
  #child: ChildProcess | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: ReaderProcessOptions = {}) {
    this.#timeLimitMs = options.timeLimitMs ?? 10_000;
    this.#heapLimitMib = options.heapLimitMib ?? 256;
  }

  /** Reads a document once those before it are done. Throws the signal's reason as soon as it is aborted. */
  async read(source: Source, signal: AbortSignal): Promise<Reading> {
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = before.then(() => turn.promise);
    try {
      await unlessAborted(before, signal);
      return await this.#readNow(source, signal);
    } finally {
      turn.resolve();
    }
  }

  /** Ends the process. A later document starts another. */
  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  async #readNow(source: Source, signal: AbortSignal): Promise<Reading> {
    this.#child ??= this.#start();
    const child = this.#child;
    const { promise, resolve, reject } = Promise.withResolvers<Reading>();
    const seconds = this.#timeLimitMs / 1000;
    const tooSlow = {
      problem: `could not be read within ${seconds} s. Nest less in it, or close what it opens.`,
    };
    const tooBig = {
      problem: `takes more than ${this.#heapLimitMib} MiB of memory to read. Send it in parts.`,
    };
    const timer = setTimeout(() => resolve(tooSlow), this.#timeLimitMs);
    // A full heap ends a process by a signal; a code says that the reading itself is at fault.
    const onExit = (code: number | null) =>
      code === null ? resolve(tooBig) : reject(new Error(`The process that reads ended with code ${code}.`));
    let isAnswered = false;
    child.once('exit', onExit);
    child.once('error', reject);
    child.once('message', (reading: Reading) => {
      isAnswered = true;
      resolve(reading);
    });
    try {
      child.send(source);
      return await unlessAborted(promise, signal);
    } finally {
      clearTimeout(timer);
      child.off('exit', onExit);
      child.off('error', reject);
      if (!isAnswered) this.close();
    }
  }

  #start(): ChildProcess {
    // Built, this file and the child's both end in .js.
    const file = new URL(`./child/main${extname(import.meta.url)}`, import.meta.url);
    const child = fork(file, {
      execArgv: [`--max-old-space-size=${this.#heapLimitMib}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    child.unref();
    child.channel?.unref();
    return child;
  }
}

/** Settles as `work` does, or throws the signal's reason if that is aborted first. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
