import { type Candidate, costMs, isAtCapacity } from './candidate.ts';
import type { BarOf, NotChosen } from './not-chosen.ts';
import { type SlowStartOptions, slowStartWeight } from './slow-start.ts';

/** What is said of one instance. */
export interface Explanation<T> {
  candidate: T;
  /** What one more task on it costs, in milliseconds: the less the better. */
  scoreMs: number;
  /** Why it was not chosen; nothing of the one that was. */
  notChosen: NotChosen | undefined;
}

/** A choice that was made. */
export interface Choice<T> {
  /** Who was chosen; nothing where nobody could be. */
  chosen: T | undefined;
  /** Why an instance could not be chosen: what the choice was made with. */
  bar?: BarOf<T>;
  /** Whether the affinity key decided. Default: cost did. */
  byAffinity?: boolean;
  /** What the choice was made with. */
  slowStart?: SlowStartOptions;
}

/**
 * Says of every instance what it would cost, and why it was not chosen. An instance without history is taken to be as
 * quick as the others are on average.
 */
export function explainRoute<T extends Candidate>(
  candidates: readonly T[],
  now: number,
  { chosen, bar, byAffinity = false, slowStart = {} }: Choice<T>,
): Explanation<T>[] {
  const known = candidates.filter(({ latency }) => latency.known);
  const sum = known.reduce((total, { latency }) => total + latency.expectedMs(now, 0), 0);
  const assumedMs = known.length > 0 ? sum / known.length : 1;
  const score = (candidate: T) => costMs(candidate, now, assumedMs);

  const reason = (candidate: T): NotChosen | undefined => {
    if (candidate === chosen) return undefined;
    const barred = bar?.(candidate) ?? (isAtCapacity(candidate) ? 'AT_CAPACITY' : undefined);
    if (barred) return barred;
    if (byAffinity) return 'AFFINITY';
    if (chosen && score(candidate) > score(chosen)) return 'HIGHER_COST';
    return slowStartWeight(now - candidate.joinedAt, slowStart) < 1 ? 'SLOW_START' : 'NOT_DRAWN';
  };
  return candidates.map((candidate) => ({
    candidate,
    scoreMs: score(candidate),
    notChosen: reason(candidate),
  }));
}
