import type { Outcome } from './outcome.ts';

/**
 * How an instance has been doing of late. Read by whoever wants to know; written by the ejector that it belongs to.
 */
export class Health<T> {
  /** The instance. */
  readonly instance: T;
  /** Whether it failed too often, and has not been seen to work since. */
  ill = false;
  /** How often it was ejected, as far as that is not forgotten. */
  ejections = 0;
  /** When its ejection is over, in milliseconds of the monotonic clock. */
  dueAt = 0;
  /** When a probe may be sent. */
  probeAt = 0;
  /** The share of failures among the last calls, 0 to 1; see `share`. */
  #failures = 0;
  /** How many failed since the last success. */
  failuresInRow = 0;
  readonly #memory: { outcomes: number; decayMs: number };
  #countedAt = 0;
  #wellSince = 0;

  /** `memory`: how many outcomes are remembered, and for how long, in milliseconds. */
  constructor(instance: T, memory: { outcomes: number; decayMs: number }) {
    this.instance = instance;
    this.#memory = memory;
  }

  /** The share of its last calls that failed, 0 to 1, each the less the more calls and time lie behind it. */
  share(now: number): number {
    return this.#failures * Math.exp(Math.min(0, this.#countedAt - now) / this.#memory.decayMs);
  }

  /** Counts how a call ended. */
  count(outcome: Exclude<Outcome, 'ignored'>, now: number): void {
    const failed = outcome === 'failure';
    const before = this.share(now);
    this.#failures = before + ((failed ? 1 : 0) - before) / this.#memory.outcomes;
    this.#countedAt = now;
    this.failuresInRow = failed ? this.failuresInRow + 1 : 0;
  }

  /** Puts it out, for longer each time. */
  eject(now: number, { baseMs, maxMs, forgetMs }: { baseMs: number; maxMs: number; forgetMs: number }): void {
    const forgotten = this.ill ? 0 : Math.floor((now - this.#wellSince) / forgetMs);
    this.ejections = Math.max(0, this.ejections - forgotten) + 1;
    this.ill = true;
    this.dueAt = now + Math.min(maxMs, baseMs * this.ejections);
    this.probeAt = this.dueAt;
  }

  /** Takes it back, with a clean record but for its ejections. */
  recover(now: number): void {
    this.ill = false;
    this.#failures = 0;
    this.failuresInRow = 0;
    this.#wellSince = now;
  }
}
