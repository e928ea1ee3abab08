/** A bar of a chart. */
export type Bar = {
  /** What it counts: `6–10`. */
  label: string;
  /** How many. */
  value: number;
};

/** The first count of words that each bar takes in; the last bar has no end. */
const STARTS = [1, 6, 11, 16, 21, 26, 31, 41] as const;

/** How many sentences have 1–5 words, 6–10 words and so on, as the bars of a chart. */
export function sentenceLengths(wordsPerSentence: readonly number[]): Bar[] {
  return STARTS.map((start, index) => {
    const next = STARTS[index + 1] ?? Number.POSITIVE_INFINITY;
    const value = wordsPerSentence.filter((words) => words >= start && words < next).length;
    return { label: Number.isFinite(next) ? `${start}–${next - 1}` : `${start}+`, value };
  });
}
