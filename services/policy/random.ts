/**
 * A source of random numbers, uniform in [0, 1): `Math.random`, or a seeded one where a run must be repeatable.
 * Every policy that needs chance is given one.
 */
export type Random = () => number;
