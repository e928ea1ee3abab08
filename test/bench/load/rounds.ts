/** How often, and for how long, something is measured. */
export interface Rounds {
  /** How many rounds count. */
  count: number;
  /** How long each contestant is under load in a round, in milliseconds. */
  durationMs: number;
  /** How long each is under load before the first round, in milliseconds. */
  warmUpMs: number;
}

/**
 * Measures several contestants in turn, round after round (A B C A B C …), so that a machine that drifts hurts all
 * alike; each is warmed up before. Answers what was measured of each, round by round.
 */
export async function interleaved<C, M>(
  contestants: readonly C[],
  rounds: Rounds,
  measure: (contestant: C, durationMs: number) => Promise<M>,
): Promise<Map<C, M[]>> {
  const measured = new Map<C, M[]>(contestants.map((contestant) => [contestant, []]));
  for (const contestant of contestants) await measure(contestant, rounds.warmUpMs);
  for (let round = 0; round < rounds.count; round++) {
    for (const contestant of contestants) {
      measured.get(contestant)?.push(await measure(contestant, rounds.durationMs));
    }
  }
  return measured;
}
