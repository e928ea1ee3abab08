const segmenters = new Map<string, Intl.Segmenter>();

/** How many segmenters are kept: languages come from documents, so that their number has no bound of its own. */
const KEPT = 64;

/**
 * The segmenter of a language, made once. A language that ICU does not know, or `und`, is cut by the rules of
 * Unicode that hold for all (UAX #29).
 */
export function segmenter(language: string, granularity: 'word' | 'sentence'): Intl.Segmenter {
  const key = `${granularity} ${language}`;
  const known = segmenters.get(key);
  if (known) return known;
  if (segmenters.size >= KEPT) segmenters.clear();
  const made = new Intl.Segmenter(language, { granularity });
  segmenters.set(key, made);
  return made;
}
