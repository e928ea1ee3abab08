import type { LatencyEstimate } from './latency-estimate.ts';

/** An instance, as those who choose see it: for one capability. Read anew at each choice. */
export interface Candidate {
  /** Tasks that it has in flight, of every capability. */
  readonly inFlight: number;
  /** How many it takes at once: the smaller of its `max_concurrency` and its adaptive limit. 0: no bound. */
  readonly limit: number;
  /** When it joined, in milliseconds of the monotonic clock. */
  readonly joinedAt: number;
  /** What to expect of it for this capability. */
  readonly latency: LatencyEstimate;
  /** The `stringHash` of its instance id. */
  readonly hash: number;
}

/** Whether an instance has as many tasks in flight as it takes at once. */
export function isAtCapacity({ limit, inFlight }: Candidate): boolean {
  return limit > 0 && inFlight >= limit;
}

/**
 * What one more task on this instance costs, in milliseconds: its latency times the tasks that it would then have in
 * flight. Source: Finagle's `PeakEwma`. `assumedMs`: see `LatencyEstimate.expectedMs`.
 */
export function costMs(candidate: Candidate, now: number, assumedMs: number): number {
  return candidate.latency.expectedMs(now, assumedMs) * (candidate.inFlight + 1);
}
