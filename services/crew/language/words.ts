import { segmenter } from './segmenter.ts';

/** Addresses and file names with a path: they are cut out before words are counted. */
const ADDRESS = /\b(?:https?|ftp|mailto|file):[^\s<>]+|\bwww\.[^\s<>]+/gi;

/** The words of a text in their order, as they are written. Addresses (URLs) are no words. */
export function wordsOf(text: string, language: string): string[] {
  const words: string[] = [];
  for (const piece of segmenter(language, 'word').segment(withoutAddresses(text))) {
    if (piece.isWordLike) words.push(piece.segment);
  }
  return words;
}

/**
 * The words of a text in runs: a run ends where anything but space stands between two words. What a hyphen joins is
 * one word: `Fast, event-driven servers` is `[[Fast], [event-driven, servers]]`.
 */
export function wordRunsOf(text: string, language: string): string[][] {
  const runs: string[][] = [[]];
  let isJoined = false;
  let isAfterWord = false;
  for (const { segment, isWordLike } of segmenter(language, 'word').segment(withoutAddresses(text))) {
    const run = runs.at(-1)!;
    if (isWordLike) run.push(isJoined ? `${run.pop()}-${segment}` : segment);
    isJoined = isAfterWord && /^[-‐‑]$/.test(segment);
    isAfterWord = isWordLike === true;
    if (!isWordLike && !isJoined && !/^\s+$/.test(segment)) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

/** What takes -es, not -s, in the plural; a final -e is dropped after it too, so that `cache` and `caches` meet. */
const SIBILANT = /(?:ch|sh|ss|x|z)e?s?$/;

/**
 * The form under which a word is counted, never shown: lower case, and in English without the plural, by Harman's
 * S-stemmer ("How effective is suffixing?", JASIS 42(1), 1991) with a rule of our own for -ches, -shes, -sses, -xes,
 * -zes.
 */
export function foldWord(word: string, language: string): string {
  const lower = word.toLowerCase().replaceAll('’', "'").replace(/'s$/, '');
  if (language !== 'en' || lower.length < 4) return lower;
  if (SIBILANT.test(lower)) return lower.replace(/(?<=ch|sh|ss|x|z)es?$/, '');
  if (/[^ea]ies$/.test(lower)) return `${lower.slice(0, -3)}y`;
  if (/[^us]s$/.test(lower)) return lower.slice(0, -1);
  return lower;
}

function withoutAddresses(text: string): string {
  return text.replace(ADDRESS, ', ');
}
