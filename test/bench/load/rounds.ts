/** How often something is measured. */
export interface Rounds {
  /** How many rounds count, unless the time runs out. At least 1. */
  count: number;
  /**
   * After how long no further round is begun, in milliseconds, warming up not counted. Default: all rounds are done.
   */
  withinMs?: number;
}

/**
 * Measures several contestants in turn, round after round (A B C A B C …), so that a machine that drifts hurts all
 * alike. Each is warmed up before the first round, by `warmUp` or else by a measurement that does not count. Answers
 * what was measured of each, round by round.
 */
export async function interleaved<C, M>(
  contestants: readonly C[],
  { count, withinMs = Number.POSITIVE_INFINITY }: Rounds,
  measure: (contestant: C) => Promise<M>,
  warmUp: (contestant: C) => Promise<unknown> = measure,
): Promise<Map<C, M[]>> {
  const measured = new Map<C, M[]>(contestants.map((contestant) => [contestant, []]));
  for (const contestant of contestants) await warmUp(contestant);
  const begun = performance.now();
  for (let round = 0; round < count; round++) {
    if (round > 0 && performance.now() - begun > withinMs) break;
    for (const [contestant, measurements] of measured) measurements.push(await measure(contestant));
  }
  return measured;
}
