/** How a limit adapts. */
export interface GradientLimitOptions {
  /** The limit at first. Default: 20, Netflix's `initialLimit`. */
  initialLimit?: number;
  /** The least that it can be. Default: 4, where the formula comes to rest; Netflix's 20 is much for a small agent. */
  minLimit?: number;
  /** The most that it can be. Default: 1,000. Ours; Netflix's is 200, for threads. */
  maxLimit?: number;
  /** How much of a newly computed limit is taken over. Default: 0.2, Netflix's `smoothing`. */
  smoothing?: number;
  /** How many times the usual latency is no sign of a queue yet. Default: 1.5, Netflix's `rttTolerance`. */
  tolerance?: number;
  /** Over how many windows the usual latency is averaged. Default: 600, Netflix's `longWindow`. */
  longWindows?: number;
  /**
   * How many times as slowly it is learnt that calls take longer. Default: 10. Ours: a queue that the limit itself
   * allows for must not become what is usual, or the limit grows for ever under a lasting load.
   */
  riseFactor?: number;
  /** The shortest window, in milliseconds. Default: 100, the least that Netflix's `WindowedLimit` takes. */
  windowMs?: number;
  /** The fewest calls in a window. Default: 10, Netflix's `windowSize`. */
  windowCalls?: number;
  /**
   * What the limit is multiplied by after a window in which a call was refused or lost. Default: 0.9, Netflix's AIMD.
   */
  dropFactor?: number;
}

/**
 * Over how many windows the usual latency is averaged at first, and at the least limit. Source: Netflix's
 * `ExpAvgMeasurement`.
 */
const WARM_UP_WINDOWS = 10;

/** The limit to which the formula shrinks at most: half of it and its square root are 4 again. */
const RESTING_LIMIT = 4;

/**
 * How many tasks an instance bears at once, learnt from how latency changes: Gradient2 of Netflix's
 * concurrency-limits. A window's mean latency is held against the usual one. While it is no more than `tolerance`
 * times as long, the limit grows by its square root, which is the queue that is allowed for; else it shrinks in
 * proportion, by half at most. A limit that is not made use of does not grow.
 *
 * Beyond Netflix's: a refusal shrinks it at once (their AIMD); and what is usual rises slowly, but for the time in
 * which the limit is the least that it can be: what is slow then is so without a queue. O(1), and nothing is
 * allocated.
 */
export class GradientLimit {
  readonly #options: Required<GradientLimitOptions>;
  #limit: number;
  #usualMs = 0;
  #windows = 0;
  #windowEndsAt = Number.NEGATIVE_INFINITY;
  #calls = 0;
  #sumMs = 0;
  #mostInFlight = 0;
  #dropped = false;

  constructor(options: GradientLimitOptions = {}) {
    this.#options = {
      initialLimit: 20,
      minLimit: RESTING_LIMIT,
      maxLimit: 1_000,
      smoothing: 0.2,
      tolerance: 1.5,
      longWindows: 600,
      riseFactor: 10,
      windowMs: 100,
      windowCalls: 10,
      dropFactor: 0.9,
      ...options,
    };
    this.#limit = this.#clamp(this.#options.initialLimit);
  }

  /** How many tasks may be in flight: a whole number. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** A call has succeeded after `latencyMs`; when it was sent, `inFlight` were in flight with it. */
  observe(latencyMs: number, inFlight: number, now: number): void {
    this.#calls++;
    this.#sumMs += latencyMs;
    if (inFlight > this.#mostInFlight) this.#mostInFlight = inFlight;
    if (now >= this.#windowEndsAt && this.#calls >= this.#options.windowCalls) this.#endWindow(now);
  }

  /** A call was refused as too much. */
  dropped(now: number): void {
    this.#dropped = true;
    if (now >= this.#windowEndsAt) this.#endWindow(now);
  }

  #endWindow(now: number): void {
    this.#limit = this.#clamp(this.#next());
    this.#windowEndsAt = now + this.#options.windowMs;
    this.#calls = 0;
    this.#sumMs = 0;
    this.#mostInFlight = 0;
    this.#dropped = false;
  }

  #next(): number {
    const { dropFactor, tolerance, smoothing } = this.#options;
    const limit = this.#limit;
    const latencyMs = this.#sumMs / this.#calls;
    if (this.#calls > 0) this.#learnUsual(latencyMs);
    if (this.#dropped) return limit * dropFactor;
    if (this.#mostInFlight < limit / 2) return limit;
    const gradient = Math.max(0.5, Math.min(1, (tolerance * this.#usualMs) / latencyMs));
    return limit + smoothing * (limit * gradient + Math.sqrt(limit) - limit);
  }

  #learnUsual(latencyMs: number): void {
    const { longWindows, riseFactor, minLimit } = this.#options;
    const rises = latencyMs > this.#usualMs;
    let windows = rises ? longWindows * riseFactor : longWindows;
    if (this.#windows < WARM_UP_WINDOWS) windows = 2 * ++this.#windows - 1;
    else if (rises && this.limit <= Math.max(minLimit, RESTING_LIMIT)) windows = WARM_UP_WINDOWS;
    this.#usualMs += ((latencyMs - this.#usualMs) * 2) / (windows + 1);
    // Latency is back to normal after a long time under load: what is usual follows sooner than the mean would.
    if (this.#usualMs > 2 * latencyMs) this.#usualMs *= 0.95;
  }

  #clamp(limit: number): number {
    const { minLimit, maxLimit } = this.#options;
    return Math.max(minLimit, Math.min(maxLimit, limit));
  }
}
