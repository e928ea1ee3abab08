import { type Candidate, isAtCapacity } from './candidate.ts';
import type { BarOf } from './not-chosen.ts';
import { mixBits } from './string-hash.ts';

/** How closely tasks keep to the instance of their key. */
export interface AffinityOptions {
  /**
   * How many times the mean of the tasks in flight an instance may have before a key's tasks go elsewhere; over 1.
   * Default: 1.25, as Mirrokni, Thorup and Zadimoghaddam ("Consistent hashing with bounded loads", 2017) and those
   * who use it (Vimeo's HAProxy, brpc).
   */
  balanceFactor?: number;
  /** What it may have in any case. Default: 8. Ours: a few tasks at once do not drive a key from its instance. */
  minInFlight?: number;
}

/**
 * The instance that a key belongs to: rendezvous hashing (Thaler and Ravishankar 1998) with bounded loads.
 * `keyHash` is the `stringHash` of the key.
 *
 * Of those that may be chosen, the one wins whose hash together with the key's is the highest; so when instances
 * come and go, only the keys move that must, and a key's next instance is always the same one. An instance that has
 * its share in flight is passed over; there is always one that has less. Nothing where none may be chosen.
 *
 * O(n) at some 10 ns each, without state or allocation: a ring is O(log n), but has to be built again at every change,
 * and moves keys unevenly unless it holds hundreds of points for each instance.
 */
export function pickByAffinity<T extends Candidate>(
  candidates: readonly T[],
  keyHash: number,
  bar?: BarOf<T>,
  { balanceFactor = 1.25, minInFlight = 8 }: AffinityOptions = {},
): T | undefined {
  let own: T | undefined;
  let ownRank = 0;
  let open = 0;
  let inFlight = 0;
  for (const candidate of candidates) {
    if (isAtCapacity(candidate) || bar?.(candidate) !== undefined) continue;
    open++;
    inFlight += candidate.inFlight;
    const rank = mixBits(keyHash ^ candidate.hash);
    if (own && rank < ownRank) continue;
    own = candidate;
    ownRank = rank;
  }
  const share = Math.max(minInFlight, Math.ceil((balanceFactor * (inFlight + 1)) / open));
  if (!own || own.inFlight < share) return own;

  let next: T | undefined;
  let nextRank = 0;
  for (const candidate of candidates) {
    if (candidate.inFlight >= share || isAtCapacity(candidate) || bar?.(candidate) !== undefined) continue;
    const rank = mixBits(keyHash ^ candidate.hash);
    if (next && rank < nextRank) continue;
    next = candidate;
    nextRank = rank;
  }
  return next;
}
