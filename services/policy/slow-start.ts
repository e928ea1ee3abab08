/** How a new instance is let in. */
export interface SlowStartOptions {
  /** For how long an instance is new, in milliseconds; 0: not at all. Default: 5,000. Ours: a runtime's warm-up. */
  windowMs?: number;
  /** The share of its full load that it gets from the start. Default: 0.1, Envoy's `min_weight_percent`. */
  minWeight?: number;
}

/**
 * The share of its full load that an instance gets `ageMs` after it joined: grows in a straight line from
 * `minWeight` to 1 (Envoy's slow start with `aggression` 1).
 */
export function slowStartWeight(
  ageMs: number,
  { windowMs = 5_000, minWeight = 0.1 }: SlowStartOptions,
): number {
  return ageMs >= windowMs ? 1 : Math.max(minWeight, ageMs / windowMs);
}
