import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Question, Usage } from './role.ts';

/** How a process is started. */
export interface ChildOptions {
  /** What people call it: `direct client`. */
  name: string;
  /** The module whose role it takes, an absolute path. */
  module: string;
  /** What its role is begun with. */
  options: unknown;
  /** Arguments for Node itself. */
  execArgv: readonly string[];
  /** Its environment. */
  env: NodeJS.ProcessEnv;
}

/** How long a process has to get ready, in milliseconds. */
const READY_WITHIN_MS = 20_000;
/** How long an answer may take whose asker does not say, in milliseconds. */
const ANSWER_WITHIN_MS = 20_000;
/** How long a process has to leave before it is killed, in milliseconds: it may have a profile to write. */
const LEAVE_WITHIN_MS = 5000;
/** How much of its output is kept for an error message, in characters. */
const TAIL_CHARACTERS = 2000;

/** A process of a stage, seen from the one that started it. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (why: Error) => void }>();
  readonly #ready = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  #tail = '';
  #lastId = 0;
  #closing = false;

  private constructor({ name, module, options, execArgv, env }: ChildOptions) {
    this.name = name;
    const main = new URL('./main.ts', import.meta.url);
    this.#process = fork(main, [module, JSON.stringify(options)], {
      execArgv: [...execArgv],
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    // Its logs are read, as any log collector would, and forgotten but for the last lines.
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
      });
    }
    this.#process.on('message', (answer: Answer) => this.#hear(answer));
    this.#process.on('error', (error) => this.#lost(error.message));
    this.#process.on('close', (code, signal) => this.#lost(`it ended with ${signal ?? `code ${code}`}`));
  }

  /** Starts a process. Fails where it is not ready in 20 s, with the end of what it wrote. */
  static async start(options: ChildOptions, onStarted?: (child: Child) => void): Promise<Child> {
    const child = new Child(options);
    onStarted?.(child);
    await child.#within(child.#ready.promise, 'ready', READY_WITHIN_MS);
    return child;
  }

  /** What its role told when it was ready. */
  async told<T = string>(key: string): Promise<T> {
    return (await this.#ready.promise)[key] as T;
  }

  /** Asks it for something. Fails as the command does; where the process ends first; and after `timeoutMs`. */
  ask<T>(command: string, args: unknown = {}, timeoutMs = ANSWER_WITHIN_MS): Promise<T> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const question: Question = { id, command, args };
    if (this.#process.connected) this.#process.send(question);
    else this.#lost('it has ended');
    return this.#within(promise as Promise<T>, command, timeoutMs).finally(() => this.#waiting.delete(id));
  }

  /** What it has used since it started. */
  usage(): Promise<Usage> {
    return this.ask<Usage>('usage');
  }

  /** Lets it leave, and kills it where it does not. Settles when it has ended. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#hasEnded) return;
    const ended = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    // One that is stopped would not hear of it.
    this.#process.kill('SIGCONT');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), LEAVE_WITHIN_MS);
    await ended;
    clearTimeout(force);
  }

  /** Ends it at once, and what it keeps with it; one that is stopped hears of it too. */
  kill(): void {
    this.#process.kill('SIGTERM');
    this.#process.kill('SIGCONT');
  }

  /** Sends it a signal. One that it ends by is no surprise, but fails whatever it is asked. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Settles when it has ended. */
  async ended(): Promise<void> {
    if (!this.#hasEnded) await once(this.#process, 'exit');
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  #hear(answer: Answer): void {
    if ('ready' in answer) return this.#ready.resolve(answer.ready);
    const waiting = this.#waiting.get(answer.id);
    if ('error' in answer) waiting?.reject(new Error(`The ${this.name} failed: ${answer.error}`));
    else waiting?.resolve(answer.result);
  }

  #lost(why: string): void {
    if (this.#closing) return;
    const output = this.#tail === '' ? '' : `\nIt wrote last:\n${this.#tail}`;
    const error = new Error(`The ${this.name} is gone: ${why}.${output}`);
    this.#ready.promise.catch(() => {});
    this.#ready.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  async #within<T>(promise: Promise<T>, what: string, timeoutMs: number): Promise<T> {
    const timer = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`The ${this.name} did not answer "${what}" within ${timeoutMs} ms.\n${this.#tail}`);
    });
    late.catch(() => {});
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer.abort();
    }
  }
}
