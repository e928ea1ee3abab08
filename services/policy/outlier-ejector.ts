import { Health } from './health.ts';
import type { Outcome } from './outcome.ts';

/** When an instance is ejected, and for how long. */
export interface OutlierOptions {
  /** Failures in a row that eject. Default: 5, Envoy's `consecutive_5xx`. */
  consecutiveFailures?: number;
  /**
   * The share of failures that ejects. Default: 0.3. Ours: Envoy's `failure_percentage_threshold` of 85 % leaves an
   * instance that fails half of its calls alone.
   */
  failureShare?: number;
  /**
   * How many times the mean share of the others an instance's has to be in any case. Default: 2. Ours, in the place of
   * Envoy's standard deviations, which need five hosts: what fails everywhere is nobody's own fault.
   */
  timesOthers?: number;
  /**
   * Over how many of its last calls the share is taken. Default: 10. Ours: of an instance that begins to fail every
   * second call, 20 calls tell with a probability of 98 %, at whatever rate they come; of one that fails every
   * hundredth, not even three million do.
   */
  outcomes?: number;
  /** The time constant with which failures fade beside, in milliseconds. Default: 30,000. Ours. */
  decayMs?: number;
  /**
   * How long the first ejection lasts, in milliseconds; the n-th n times as long, as Envoy's
   * `base_ejection_time`. Default: 1,000. Ours: Envoy's 30 s lets everyone come back to it, here one probe does.
   */
  baseEjectionMs?: number;
  /** How long an ejection lasts at most, in milliseconds. Default: 30,000. Ours; Envoy's is 10 times its base. */
  maxEjectionMs?: number;
  /** For every so many milliseconds in good health, one ejection is forgotten. Default: 10,000, Envoy's `interval`. */
  forgetMs?: number;
  /** After how many milliseconds a probe whose end was not told is followed by another. Default: 5,000. Ours. */
  probeTimeoutMs?: number;
}

/** What an outcome changed. */
export type HealthChange = 'EJECTED' | 'RETURNED';

/**
 * Keeps instances that fail more than the others out of use, among those of one capability or agent. After its time
 * is over, one call probes whether an ejected instance is well again.
 *
 * At most half of the instances are out. Were it more, none is (panic mode, Envoy's at 50 %): rather all of what is
 * there, than too little for all. Works from two instances on; one alone is never out.
 *
 * `T`: what stands for an instance. Every method is O(1), but for a look at all instances when a probe is due, and
 * when one is about to be ejected.
 */
export class OutlierEjector<T> {
  readonly #options: Required<OutlierOptions>;
  readonly #members = new Set<Health<T>>();
  #ill = 0;
  #nextProbeAt = Number.POSITIVE_INFINITY;

  constructor(options: OutlierOptions = {}) {
    this.#options = {
      consecutiveFailures: 5,
      failureShare: 0.3,
      timesOthers: 2,
      outcomes: 10,
      decayMs: 30_000,
      baseEjectionMs: 1_000,
      maxEjectionMs: 30_000,
      forgetMs: 10_000,
      probeTimeoutMs: 5_000,
      ...options,
    };
  }

  /** Whether more than half are ill, so that none is kept out. */
  get panicking(): boolean {
    return this.#ill * 2 > this.#members.size;
  }

  /** When a probe is due, in milliseconds of the monotonic clock; Infinity where none is. */
  get nextProbeAt(): number {
    return this.panicking ? Number.POSITIVE_INFINITY : this.#nextProbeAt;
  }

  /** An instance joins, in good health. */
  join(instance: T): Health<T> {
    const health = new Health(instance, this.#options);
    this.#members.add(health);
    return health;
  }

  /** An instance leaves. */
  leave(health: Health<T>): void {
    if (this.#members.delete(health) && health.ill) this.#oneLess();
  }

  /** Whether an instance is out of use. */
  isEjected(health: Health<T>): boolean {
    return health.ill && !this.panicking;
  }

  /**
   * The instance that the next call is to go to, to see whether it is well again; nothing where no probe is due.
   * Whoever asks makes that call and notes how it ended, or notes it as ignored where it cannot be made.
   */
  probe(now: number): T | undefined {
    if (now < this.nextProbeAt) return undefined;
    let due: Health<T> | undefined;
    this.#nextProbeAt = Number.POSITIVE_INFINITY;
    for (const health of this.#members) {
      if (!health.ill) continue;
      if (!due && health.probeAt <= now) {
        due = health;
        health.probeAt = now + this.#options.probeTimeoutMs;
      }
      this.#nextProbeAt = Math.min(this.#nextProbeAt, health.probeAt);
    }
    return due?.instance;
  }

  /**
   * A call that began at `startedAt` has ended. Of an ill instance only those count that began after its time was
   * over: the others were sent to it before it was ejected. The first of them takes it back if it succeeds, or if the
   * rest fail as well by now.
   */
  note(health: Health<T>, outcome: Outcome, startedAt: number, now: number): HealthChange | undefined {
    if (!this.#members.has(health)) return undefined;
    if (health.ill) return this.#noteIll(health, outcome, startedAt, now);
    if (outcome === 'ignored') return undefined;
    health.count(outcome, now);
    return outcome === 'failure' && this.#isOutlier(health, now) ? this.#eject(health, now) : undefined;
  }

  #noteIll(health: Health<T>, outcome: Outcome, startedAt: number, now: number): HealthChange | undefined {
    if (startedAt < health.dueAt) return undefined;
    if (outcome === 'ignored') {
      health.probeAt = now;
      this.#nextProbeAt = Math.min(this.#nextProbeAt, now);
      return undefined;
    }
    if (outcome === 'failure' && this.#isWorse(health, now)) return this.#eject(health, now);
    health.recover(now);
    this.#oneLess();
    return 'RETURNED';
  }

  #oneLess(): void {
    if (--this.#ill === 0) this.#nextProbeAt = Number.POSITIVE_INFINITY;
  }

  #isOutlier(health: Health<T>, now: number): boolean {
    const { consecutiveFailures, failureShare } = this.#options;
    const failsOften = health.failuresInRow >= consecutiveFailures || health.share(now) >= failureShare;
    return failsOften && this.#isWorse(health, now);
  }

  /** Whether it fails so much more often than those that are not ill. */
  #isWorse(health: Health<T>, now: number): boolean {
    let others = 0;
    let sum = 0;
    for (const other of this.#members) {
      if (other === health || other.ill) continue;
      others++;
      sum += other.share(now);
    }
    return health.share(now) * others >= this.#options.timesOthers * sum;
  }

  #eject(health: Health<T>, now: number): HealthChange {
    const { baseEjectionMs, maxEjectionMs, forgetMs } = this.#options;
    if (!health.ill) this.#ill++;
    health.eject(now, { baseMs: baseEjectionMs, maxMs: maxEjectionMs, forgetMs });
    this.#nextProbeAt = Math.min(this.#nextProbeAt, health.dueAt);
    return 'EJECTED';
  }
}
