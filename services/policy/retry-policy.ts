import { type BackoffOptions, backoffMs } from './backoff.ts';
import type { Random } from './random.ts';
import type { RetryBudget } from './retry-budget.ts';

/** How often a task is tried. */
export interface RetryOptions extends BackoffOptions {
  /** Attempts at one task, the first included. Default: 3, Google's SRE book, chapter 21 ("Handling Overload"). */
  maxAttempts?: number;
}

/** An attempt that failed. */
export interface FailedAttempt {
  /** Which it was, from 1. */
  attempt: number;
  /**
   * Whether it was refused before any work (`untouched`), failed in a way that may pass (`transient`), or would
   * fail again or was seen to make progress (`final`).
   */
  kind: 'untouched' | 'transient' | 'final';
  /** Whether the capability is marked idempotent. */
  idempotent: boolean;
  /** What remains of the caller's deadline, in milliseconds. */
  remainingMs: number;
  /** Whether there is an instance that the task has not been tried on. */
  elsewhere: boolean;
  /** How long the one that failed asks to be left alone (RetryInfo), in milliseconds. */
  pushBackMs?: number;
}

/** Why a task is not tried again. */
export type GiveUp = 'FINAL' | 'NOT_IDEMPOTENT' | 'ATTEMPTS' | 'DEADLINE' | 'BUDGET';

/** Decides whether a task is tried again, and when: the one place where the mesh retries. */
export class RetryPolicy {
  readonly #budget: RetryBudget;
  readonly #random: Random;
  readonly #options: RetryOptions;

  /** `budget`: of the capability. */
  constructor(budget: RetryBudget, random: Random, options: RetryOptions = {}) {
    this.#budget = budget;
    this.#random = random;
    this.#options = options;
  }

  /**
   * In how many milliseconds to try again, or why not. At once after a first attempt, where there is another
   * instance; a push-back is about the instance that asked for it. The budget is asked last, so
   * that it pays only for what is done.
   */
  after(failed: FailedAttempt, now: number): number | GiveUp {
    const { attempt, kind, idempotent, remainingMs, elsewhere, pushBackMs = 0 } = failed;
    if (kind === 'final') return 'FINAL';
    if (kind === 'transient' && !idempotent) return 'NOT_IDEMPOTENT';
    if (attempt >= (this.#options.maxAttempts ?? 3)) return 'ATTEMPTS';
    const atOnce = attempt === 1 && elsewhere;
    const waitMs = atOnce ? 0 : backoffMs(attempt, this.#random, this.#options, elsewhere ? 0 : pushBackMs);
    if (waitMs >= remainingMs) return 'DEADLINE';
    return this.#budget.withdraw(now) ? waitMs : 'BUDGET';
  }
}
