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
  /** Calls of late, each the less the longer ago it ended. */
  calls = 0;
  /** Those of them that failed. */
  failures = 0;
  /** How many failed since the last success. */
  failuresInRow = 0;
  readonly #decayMs: number;
  #countedAt = 0;
  #wellSince = 0;

  /** `decayMs`: the time constant with which calls are forgotten. */
  constructor(instance: T, decayMs: number) {
    this.instance = instance;
    this.#decayMs = decayMs;
  }

  /** Counts how a call ended. */
  count(outcome: Exclude<Outcome, 'ignored'>, now: number): void {
    const fade = Math.exp(Math.min(0, this.#countedAt - now) / this.#decayMs);
    this.#countedAt = now;
    this.calls = this.calls * fade + 1;
    this.failures *= fade;
    if (outcome === 'failure') {
      this.failures++;
      this.failuresInRow++;
    } else {
      this.failuresInRow = 0;
    }
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
    this.calls = 0;
    this.failures = 0;
    this.failuresInRow = 0;
    this.#wellSince = now;
  }
}
