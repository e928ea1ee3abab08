/** How much may happen. */
export interface TokenBucketOptions {
  /** How many tokens are added in a second. */
  perSecond: number;
  /** How many there can be at most; so many are there at first. Default: those of one second. */
  burst?: number;
}

/** A bound on how often something happens, such as new connections or frames: a token each. O(1). */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor({ perSecond, burst = perSecond }: TokenBucketOptions) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes that many tokens, if there are; else none. */
  take(now: number, tokens = 1): boolean {
    this.#fill(now);
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** In how many milliseconds there will be that many tokens: 0 where there are, Infinity where there never are. */
  waitMs(now: number, tokens = 1): number {
    this.#fill(now);
    if (tokens > this.#burst) return Number.POSITIVE_INFINITY;
    const lacking = tokens - this.#tokens;
    return lacking > 0 ? lacking / this.#perMs : 0;
  }

  #fill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
