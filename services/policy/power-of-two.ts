import { type Candidate, costMs, isAtCapacity } from './candidate.ts';
import type { BarOf } from './not-chosen.ts';
import type { Random } from './random.ts';
import { type SlowStartOptions, slowStartWeight } from './slow-start.ts';

/** What an unknown instance is compared with another unknown one by; any number above zero serves. */
const ASSUMED_MS = 1;

/**
 * Chooses the cheaper of two candidates that chance draws: the power of two choices (Mitzenmacher 2001), by the cost
 * of one more task. Nobody herds onto the cheapest one, as all would do who look at the same figures.
 *
 * An instance that is newer than its rival competes with its share of the slow-start weight for its probability, else
 * at as many times its cost. One without history is taken to be as quick as its rival, so that it is neither avoided
 * nor flooded.
 *
 * O(1), and nothing is allocated; O(n) where one of the two that are drawn is barred, which keeps the draw uniform.
 */
export class PowerOfTwo {
  readonly #random: Random;
  readonly #slowStart: SlowStartOptions;

  constructor(random: Random, slowStart: SlowStartOptions = {}) {
    this.#random = random;
    this.#slowStart = slowStart;
  }

  /** One of the candidates that are neither barred nor at capacity; nothing where there is none. */
  pick<T extends Candidate>(candidates: readonly T[], now: number, bar?: BarOf<T>): T | undefined {
    const count = candidates.length;
    const first = this.#below(count);
    const other = this.#below(count - 1);
    const a = candidates[first];
    const b = candidates[other < first ? other : other + 1];
    if (!a || isBarred(a, bar) || (b && isBarred(b, bar))) return this.#scan(candidates, now, bar);
    return b ? this.#cheaper(a, b, now) : a;
  }

  /** Two of those that are not barred, each pair as likely as any other: a reservoir of two. */
  #scan<T extends Candidate>(candidates: readonly T[], now: number, bar?: BarOf<T>): T | undefined {
    let a: T | undefined;
    let b: T | undefined;
    let seen = 0;
    for (const candidate of candidates) {
      if (isBarred(candidate, bar)) continue;
      const place = seen < 2 ? seen : this.#below(seen + 1);
      seen++;
      if (place === 0) a = candidate;
      else if (place === 1) b = candidate;
    }
    if (!a || !b) return a;
    // A draw goes to the first: neither may be it by its place among the candidates.
    return this.#random() < 0.5 ? this.#cheaper(a, b, now) : this.#cheaper(b, a, now);
  }

  #cheaper<T extends Candidate>(a: T, b: T, now: number): T {
    let assumedMs = ASSUMED_MS;
    if (a.latency.known !== b.latency.known) {
      assumedMs = (a.latency.known ? a : b).latency.expectedMs(now, ASSUMED_MS);
    }
    const weightA = slowStartWeight(now - a.joinedAt, this.#slowStart);
    const weightB = slowStartWeight(now - b.joinedAt, this.#slowStart);
    const costA = costMs(a, now, assumedMs) * this.#handicap(weightA / weightB);
    const costB = costMs(b, now, assumedMs) * this.#handicap(weightB / weightA);
    return costB < costA ? b : a;
  }

  /** `share`: its weight for one of its rival's. Where both are as new, there is nobody to leave the load to. */
  #handicap(share: number): number {
    return share >= 1 || this.#random() < share ? 1 : 1 / share;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

function isBarred<T extends Candidate>(candidate: T, bar: BarOf<T> | undefined): boolean {
  return isAtCapacity(candidate) || bar?.(candidate) !== undefined;
}
