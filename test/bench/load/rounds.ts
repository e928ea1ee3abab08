/**
 * Measures several contestants in turn, round after round (A B C A B C …), so that a machine that drifts hurts all
 * alike. Each is warmed up before the first round, by `warmUp` or else by a measurement that does not count. Answers
 * what was measured of each, round by round.
 */
export async function interleaved<C, M>(
  contestants: readonly C[],
  rounds: number,
  measure: (contestant: C) => Promise<M>,
  warmUp: (contestant: C) => Promise<unknown> = measure,
): Promise<Map<C, M[]>> {
  const measured = new Map<C, M[]>(contestants.map((contestant) => [contestant, []]));
  for (const contestant of contestants) await warmUp(contestant);
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, measurements] of measured) measurements.push(await measure(contestant));
  }
  return measured;
}
