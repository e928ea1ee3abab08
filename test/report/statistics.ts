/** The middle of some figures, or the mean of the two in the middle. NaN of none. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}

/** The least and the greatest of some figures. */
export function spread(figures: readonly number[]): [least: number, greatest: number] {
  return [Math.min(...figures), Math.max(...figures)];
}

/** What was measured, over its rounds. */
export interface Figure {
  /** The median. */
  value: number;
  /** The least and the greatest. */
  spread: readonly [least: number, greatest: number];
}

/** The figure of what was measured in each round. */
export function figureOf(rounds: readonly number[]): Figure {
  return { value: median(rounds), spread: spread(rounds) };
}

/** The figure that `share` of some, 0 to 1, are not above: `quantile(latencies, 0.99)`. NaN of none. */
export function quantile(figures: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(figures).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
