import { Deadline } from './deadline.ts';
import type { Logger } from './log.ts';
import type { RpcError } from './rpc-error.ts';
import { Slots } from './slots.ts';

/** What of a call is needed to end it. */
export interface Abortable {
  abort(reason: RpcError): void;
}

/** The calls that a server is answering, whichever door they came through, and what they have in common. */
export class OpenCalls {
  /** Where the line of each call goes. */
  readonly log: Logger;
  /** Aborted when the server begins to drain. */
  readonly draining: AbortSignal;
  readonly #draining = new AbortController();
  readonly #calls = new Slots<Abortable>();
  readonly #whenIdle = new Set<() => void>();

  constructor(log: Logger) {
    this.log = log;
    this.draining = this.#draining.signal;
  }

  /** Counts a call in, and answers the number by which it is counted out. */
  add(call: Abortable): number {
    return this.#calls.add(call);
  }

  /** Counts a call out. */
  delete(number: number): void {
    this.#calls.delete(number);
    if (this.#calls.size === 0) for (const idle of this.#whenIdle) idle();
  }

  /** Tells every call, open or to come, that the server is leaving. */
  beginDraining(): void {
    this.#draining.abort();
  }

  /** Waits until no call is open, at most `withinMs` milliseconds; Infinity: for as long as it takes. */
  idle(withinMs: number): Promise<void> {
    if (this.#calls.size === 0 || !(withinMs > 0)) return Promise.resolve();
    return new Promise((resolve) => {
      const idle = () => {
        alarm.cancel();
        this.#whenIdle.delete(idle);
        resolve();
      };
      // Not a timer of Node, which takes more than 24.8 days for none at all.
      const alarm = Deadline.after(withinMs).onExpired(idle);
      this.#whenIdle.add(idle);
    });
  }

  /** Ends every open call with `reason`. */
  abort(reason: RpcError): void {
    for (const call of this.#calls.values()) call.abort(reason);
  }
}
