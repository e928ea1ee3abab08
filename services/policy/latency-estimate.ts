import type { Outcome } from './outcome.ts';

/** How an instance's latency is estimated. */
export interface LatencyOptions {
  /**
   * The time constant, in milliseconds, with which a peak, and the memory of failures, fades. Default: 10,000, as
   * in Finagle's `Balancers.p2cPeakEwma` and linkerd2-proxy.
   */
  decayMs?: number;
  /**
   * How many times the typical latency a silent instance is taken to need at most. Default: 10. Ours: enough to turn
   * traffic away at once, while one long task does not keep an instance from all short ones until it ends.
   */
  silenceFactor?: number;
  /**
   * The share of failures that costs nothing yet. Default: 0.3, at which the ejector steps in: an instance that gets no
   * calls before that is never found out.
   */
  toleratedFailures?: number;
  /**
   * What failures cost: this many times the typical latency, times the square of their share beyond the tolerated
   * one. Default: 200. Ours: an instance that fails half of its calls is taken to be 9 times as slow, one that fails
   * all of them 99 times.
   */
  failurePenalty?: number;
}

/** How much one call weighs in the typical latency. Source: TCP's smoothed round trip time (RFC 6298). */
const LATENCY_WEIGHT = 1 / 8;
/** How much one call weighs in the share of failures: as the ejector counts. */
const OUTCOME_WEIGHT = 1 / 10;

/**
 * What to expect of an instance, in milliseconds. Peak EWMA (Finagle's `PeakEwma`): a call that took longer than
 * expected raises the estimate to what it took, at once; quicker ones lower it little by little; without any it fades,
 * so that an instance that was slow is tried again.
 *
 * Beyond Finagle: silence while calls are in flight counts as latency before the first of them ends; a failure never
 * lowers the estimate, and a share of failures raises it, so that an instance that fails fast attracts nothing.
 *
 * Keep one for each capability of an instance: their latencies differ. Every method is O(1) and allocates nothing.
 */
export class LatencyEstimate {
  readonly #decayMs: number;
  readonly #silenceFactor: number;
  readonly #toleratedFailures: number;
  readonly #failurePenalty: number;
  #peakMs = 0;
  #typicalMs = 0;
  #failures = 0;
  /** When the three above were last brought up to date. */
  #at = 0;
  #succeeded = false;
  #inFlight = 0;
  /** When the instance last answered, or was first asked after it had nothing to do. */
  #silentSince = 0;

  constructor(options: LatencyOptions = {}) {
    this.#decayMs = options.decayMs ?? 10_000;
    this.#silenceFactor = options.silenceFactor ?? 10;
    this.#toleratedFailures = options.toleratedFailures ?? 0.3;
    this.#failurePenalty = options.failurePenalty ?? 200;
  }

  /** Whether a call has succeeded, so that there is something to go by. */
  get known(): boolean {
    return this.#succeeded;
  }

  /** What a call takes on average, in milliseconds; 0 while none has succeeded. */
  get typicalMs(): number {
    return this.#typicalMs;
  }

  /** A call is sent. Every one is to be ended once. */
  started(now: number): void {
    if (this.#inFlight++ === 0) this.#silentSince = now;
  }

  /** A call has ended, `latencyMs` after it was sent. */
  ended(outcome: Outcome, latencyMs: number, now: number): void {
    this.#inFlight--;
    this.#silentSince = now;
    const fade = this.#fade(now);
    this.#at = Math.max(this.#at, now);
    const faded = this.#peakMs * fade;
    this.#failures *= fade;
    if (outcome === 'success') {
      this.#typicalMs += (latencyMs - this.#typicalMs) * (this.#succeeded ? LATENCY_WEIGHT : 1);
      this.#succeeded = true;
      this.#failures -= this.#failures * OUTCOME_WEIGHT;
      this.#peakMs = Math.max(latencyMs, faded + latencyMs * (1 - fade));
    } else {
      if (outcome === 'failure') this.#failures += (1 - this.#failures) * OUTCOME_WEIGHT;
      // How long it took is a lower bound of what an answer would have taken, and no more than that.
      this.#peakMs = Math.max(latencyMs, faded);
    }
  }

  /**
   * How long the next call is expected to take, and what its risk to fail is worth, in milliseconds.
   * `assumedMs`: what an instance of which nothing is known is taken to need.
   */
  expectedMs(now: number, assumedMs: number): number {
    const fade = this.#fade(now);
    const typical = this.#succeeded ? this.#typicalMs : assumedMs;
    let latency = this.#peakMs * fade;
    if (!this.#succeeded && latency < assumedMs) latency = assumedMs;
    if (this.#inFlight > 0) {
      const silence = Math.min(now - this.#silentSince, typical * this.#silenceFactor);
      if (silence > latency) latency = silence;
    }
    const excess = this.#failures * fade - this.#toleratedFailures;
    return excess > 0 ? latency + typical * this.#failurePenalty * excess * excess : latency;
  }

  #fade(now: number): number {
    const ageMs = now - this.#at;
    return ageMs > 0 ? Math.exp(-ageMs / this.#decayMs) : 1;
  }
}
