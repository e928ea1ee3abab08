import { setTimeout as pause } from 'node:timers/promises';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Terminal } from '../terminal.ts';
import { type Child, type ChildCommand, type Ready, startChild } from './child.ts';

/** How a process is kept: how it is signalled, and how one that dies is started again. */
export interface KeepOptions {
  /** Signals processes, as Node's `process.kill`. */
  kill: Terminal['kill'];
  /** How long after its first death, in milliseconds; twice as long after each that follows. Default: 500. */
  firstBackoffMs?: number;
  /** The longest wait, in milliseconds. Default: 10,000. */
  maxBackoffMs?: number;
  /** After how long alive a death counts as the first again, in milliseconds. Default: 10,000. */
  steadyAfterMs?: number;
}

/** Who hears what a kept process does. */
export interface KeptChildListener {
  /** A line of its standard output; the next waits until this settles. */
  out(line: string): Promise<void>;
  /** A line of its standard error, or one that says how it ended. */
  err(line: string): Promise<void>;
}

/** A process that is started again whenever it ends, until it is stopped. */
export class KeptChild {
  /**
   * Where it serves, once it said so for the first time. Fails CANCELLED where it is stopped before, and with Node's
   * own error where the command is none that can be started at all.
   */
  readonly ready: Promise<Ready>;
  readonly #command: ChildCommand;
  readonly #listener: KeptChildListener;
  readonly #options: Required<KeepOptions>;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #child: Child | undefined;

  constructor(command: ChildCommand, listener: KeptChildListener, options: KeepOptions) {
    this.#command = command;
    this.#listener = listener;
    this.#options = { firstBackoffMs: 500, maxBackoffMs: 10_000, steadyAfterMs: 10_000, ...options };
    const { promise, resolve, reject } = Promise.withResolvers<Ready>();
    this.ready = promise;
    // Whoever does not ask for it is not troubled by its failure.
    promise.catch(() => {});
    const text = `"${command.command.join(' ')}" was stopped before it was ready.`;
    this.#running = this.#run(resolve).then(() => reject(new RpcError(Code.CANCELLED, text)), reject);
  }

  /** Ends it for good: SIGTERM, and SIGKILL after `graceMs`. Settles when it has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#child?.stop(graceMs);
    await this.#running;
  }

  async #run(ready: (ready: Ready) => void): Promise<void> {
    const { firstBackoffMs, maxBackoffMs, steadyAfterMs, kill } = this.#options;
    const { signal } = this.#stopping;
    let backoffMs = firstBackoffMs;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const { out, err } = this.#listener;
      this.#child = startChild(this.#command, { out, err, ready }, kill);
      const how = await this.#child.exited;
      this.#child = undefined;
      const aliveMs = performance.now() - startedAt;
      if (signal.aborted) {
        // An end that was asked for, and went well, is no news.
        if (how !== 'exited with code 0') this.#listener.err(how);
        return;
      }
      if (aliveMs >= steadyAfterMs) backoffMs = firstBackoffMs;
      this.#listener.err(`${how} after ${seconds(aliveMs)}; starts again in ${seconds(backoffMs)}`);
      await pause(backoffMs, undefined, { signal }).catch(() => {});
      backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
