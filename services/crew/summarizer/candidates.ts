import { stopwordsOf } from '../language/stopwords.ts';
import { foldWord, wordsOf } from '../language/words.ts';
import type { Text } from '../sections.ts';

/** A sentence that may stand in a summary. */
export interface Candidate {
  /** The sentence. */
  text: string;
  /** The heading of its section. */
  section: string;
  /** Its place among all sentences of the document, from 0. */
  order: number;
  /** Its place among the sentences of its section, from 0. */
  place: number;
  /** Its words with a meaning, folded, each once. */
  words: ReadonlySet<string>;
}

/**
 * The most sentences that are compared with one another, which is quadratic: 400 are 80,000 pairs. Of a longer document
 * the first sentences of every section are taken, then the second ones, and so on: sections open with what they say.
 */
export const MOST_CANDIDATES = 400;

/** The fewest and the most UTF-16 units of a sentence that stands well alone; ideographs say as much in fewer. */
const SHORTEST = 30;
const SHORTEST_IDEOGRAPHIC = 12;
const LONGEST = 400;

const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** How a sentence ends, in any script, with what closes a quotation or bracket after it. */
const ENDED = /[.!?…。！？؟۔।]["'”’»)\]」』]*$/u;

/**
 * The sentences of a text that may stand in its summary, in their order: whole ones of a readable length. A text that
 * has fewer than `wanted` of those is taken as it is.
 */
export function candidatesOf(text: Text, wanted: number): Candidate[] {
  let order = 0;
  const all = text.sections.flatMap(({ heading, sentences }) =>
    sentences.map((sentence, place) => ({ text: sentence, section: heading, order: order++, place })),
  );
  const whole = all.filter(({ text: sentence, place }) => isWhole(sentence, place));
  return (whole.length >= wanted ? whole : all)
    .sort((a, b) => a.place - b.place || a.order - b.order)
    .slice(0, MOST_CANDIDATES)
    .sort((a, b) => a.order - b.order)
    .map((sentence) => ({ ...sentence, words: meaningfulWords(sentence.text, text.language) }));
}

function isWhole(sentence: string, place: number): boolean {
  const shortest = IDEOGRAPHIC.test(sentence) ? SHORTEST_IDEOGRAPHIC : SHORTEST;
  if (sentence.length < shortest || sentence.length > LONGEST || !ENDED.test(sentence)) return false;
  // Formulas, paths and signatures have their share of other signs.
  const letters = sentence.match(/[\p{L}\p{M}]/gu)?.length ?? 0;
  // One that begins small is a fragment, or opens a section with a name: `unified is an interface …`.
  const beginsWell = place === 0 || !/^\p{Ll}/u.test(sentence);
  return letters >= 0.6 * sentence.length && beginsWell;
}

function meaningfulWords(sentence: string, language: string): Set<string> {
  const stopwords = stopwordsOf(language);
  const words = wordsOf(sentence.slice(0, LONGEST), language).filter(
    (word) => !stopwords.has(word.toLowerCase()),
  );
  return new Set(words.map((word) => foldWord(word, language)));
}
