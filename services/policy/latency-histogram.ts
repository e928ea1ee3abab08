/** Which quantile is told, and of what. */
export interface LatencyHistogramOptions {
  /** The quantile. Default: 0.95, at which Dean and Barroso hedge ("The Tail at Scale", CACM 2013). */
  quantile?: number;
  /**
   * The time constant, in milliseconds, with which what was observed is forgotten. Default: 60,000. Ours: a
   * capability that is called every 3 s still has enough to go by.
   */
  decayMs?: number;
  /**
   * What has to be remembered before anything is told, in observations. Default: 20, the fewest of which one lies
   * beyond the 95th percentile.
   */
  minObservations?: number;
  /** For how long an answer is told again, in milliseconds. Default: 100. Ours. */
  refreshMs?: number;
}

/** Buckets to a doubling: each is 9 % wider than the one before. */
const PER_OCTAVE = 8;
/** The upper edge of the first bucket, in milliseconds. */
const LEAST_MS = 0.125;
/** 27 doublings: up to 4 h 39 min, beyond the longest deadline. */
const BUCKETS = 27 * PER_OCTAVE + 1;
/** After how many time constants the weights are made small again. */
const RESCALE_AFTER = 100;

/**
 * A quantile of the latencies of late: the delay of a hedge. A histogram with buckets of growing width (as HDR
 * histograms), whose counts fade by forward decay (Cormode and others, ICDE 2009): what is new weighs more, and
 * nothing has to be made less. 1.7 KB; `observe` is O(1), `quantileMs` a pass over the buckets at most every
 * `refreshMs`.
 */
export class LatencyHistogram {
  readonly #quantile: number;
  readonly #decayMs: number;
  readonly #minObservations: number;
  readonly #refreshMs: number;
  readonly #weights = new Float64Array(BUCKETS);
  #total = 0;
  /** The moment at which an observation weighs 1. */
  #landmark = 0;
  #answer: number | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: LatencyHistogramOptions = {}) {
    this.#quantile = options.quantile ?? 0.95;
    this.#decayMs = options.decayMs ?? 60_000;
    this.#minObservations = options.minObservations ?? 20;
    this.#refreshMs = options.refreshMs ?? 100;
  }

  /** A call that succeeded took so long. */
  observe(latencyMs: number, now: number): void {
    if (now - this.#landmark > RESCALE_AFTER * this.#decayMs) this.#rescale(now);
    const bucket = Math.ceil(Math.log2(latencyMs / LEAST_MS) * PER_OCTAVE);
    const weight = this.#weight(now);
    this.#weights[bucket > 0 ? Math.min(bucket, BUCKETS - 1) : 0]! += weight;
    this.#total += weight;
  }

  /** The quantile, at most 9 % too high and never too low, in milliseconds; nothing while too little is known. */
  quantileMs(now: number): number | undefined {
    if (now - this.#answeredAt >= this.#refreshMs) {
      this.#answer = this.#compute(now);
      this.#answeredAt = now;
    }
    return this.#answer;
  }

  #compute(now: number): number | undefined {
    if (this.#total / this.#weight(now) < this.#minObservations) return undefined;
    const beyond = (1 - this.#quantile) * this.#total;
    let above = 0;
    let bucket = BUCKETS - 1;
    while (bucket > 0) {
      above += this.#weights[bucket]!;
      if (above > beyond) break;
      bucket--;
    }
    return LEAST_MS * 2 ** (bucket / PER_OCTAVE);
  }

  #weight(now: number): number {
    return Math.exp((now - this.#landmark) / this.#decayMs);
  }

  #rescale(now: number): void {
    const factor = 1 / this.#weight(now);
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#weights[bucket]! *= factor;
    this.#total *= factor;
    this.#landmark = now;
  }
}
