import { closest, distance } from 'fastest-levenshtein';

/**
 * The end of a sentence about a word that is not known: ` — did you mean "instances"?` where one of `known` is near
 * it (at most a third of its letters away, and at least two), else all that are known.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(word, known);
  const near = distance(word, nearest) <= Math.max(2, word.length / 3);
  return near
    ? ` — did you mean "${nearest}"?`
    : ` — known are ${known.map((name) => `"${name}"`).join(', ')}`;
}
