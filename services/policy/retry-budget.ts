/** How many more calls than it was given a dispatcher may make. */
export interface RetryBudgetOptions {
  /** Retries and hedges, as a share of the calls of the window. Default: 0.2, as Finagle's RetryBudget and linkerd. */
  ratio?: number;
  /** Those allowed in any case, for each second of the window. Default: 10, as Finagle's RetryBudget and linkerd. */
  perSecond?: number;
  /** The window that slides, in milliseconds. Default: 10,000, as Finagle's RetryBudget and linkerd. */
  windowMs?: number;
}

/** In how many steps the window slides. */
const STEPS = 10;
const SLOTS = STEPS + 1;

/**
 * The retries and hedges of one capability, all callers and instances together: so that those who try again are
 * never what keeps a mesh down.
 *
 * In any window there are no more of them than `ratio` of its calls and `perSecond` for each of its seconds. The
 * window slides by tenths, and errs on the side of fewer. O(1), and nothing is allocated.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #stepMs: number;
  readonly #calls = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  /** The calls of the last 9 steps and this one, and the retries of the last 10 and this one. */
  #callSum = 0;
  #retrySum = 0;
  #step = 0;

  constructor({ ratio = 0.2, perSecond = 10, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    this.#ratio = ratio;
    this.#reserve = (perSecond * windowMs) / 1_000;
    this.#stepMs = windowMs / STEPS;
  }

  /** A call has come in. Not to be told of its retries. */
  deposit(now: number): void {
    this.#slide(now);
    this.#calls[this.#step % SLOTS]!++;
    this.#callSum++;
  }

  /** Takes what one retry or hedge needs; answers whether it was there. */
  withdraw(now: number): boolean {
    this.#slide(now);
    if (this.#retrySum + 1 > this.#ratio * this.#callSum + this.#reserve) return false;
    this.#retries[this.#step % SLOTS]!++;
    this.#retrySum++;
    return true;
  }

  #slide(now: number): void {
    const step = Math.floor(now / this.#stepMs);
    if (step <= this.#step) return;
    this.#step = Math.max(this.#step, step - SLOTS);
    while (this.#step < step) {
      const next = ++this.#step % SLOTS;
      const leaving = (this.#step - STEPS + SLOTS) % SLOTS;
      this.#callSum -= this.#calls[leaving]!;
      this.#calls[leaving] = 0;
      this.#retrySum -= this.#retries[next]!;
      this.#retries[next] = 0;
    }
  }
}
