import { breather } from '../breather.ts';
import { wordsOf } from '../language/words.ts';
import { paragraphsOf, type TextInput, wholeText } from '../sections.ts';
import { type Keyword, KeywordFinder } from './keywords.ts';
import { type Readability, readability, SyllableCounter } from './readability.ts';
import { type Bar, sentenceLengths } from './sentence-lengths.ts';

/** What a text is like. */
export type Analysis = {
  /** The primary tag of its language, `und` where it cannot be told. */
  language: string;
  /** What it is about, the weightiest first. */
  keywords: Keyword[];
  /** How easy it is to read; null where it is not English, for which alone the formulas hold. */
  readability: Readability | null;
  /** How much of everything it has. */
  counts: Counts;
  /** How long an adult takes to read it in silence, in minutes, rounded up to a half. */
  readingMinutes: number;
  /** How long its sentences are, as the bars of a chart. */
  sentenceLengths: Bar[];
};

/** How much of everything a text has. */
export type Counts = {
  /** Unicode code points, spaces included. */
  characters: number;
  words: number;
  /** Different words, upper and lower case taken as the same. */
  uniqueWords: number;
  sentences: number;
  paragraphs: number;
  sections: number;
};

/** What is to be analysed. */
export interface AnalyzeInput extends TextInput {
  /** How many keywords are wanted at most. Default: 12. */
  keywords?: number;
}

/**
 * M. Brysbaert, "How many words do we read per minute?" (Journal of Memory and Language 109, 2019): English
 * non-fiction.
 */
const WORDS_PER_MINUTE = 238;

/** Analyses a text. Nothing if it has no words. Lets the event loop turn; throws the signal's reason once aborted. */
export async function analyze(input: AnalyzeInput, signal: AbortSignal): Promise<Analysis | undefined> {
  const breathe = breather(signal);
  const { sections, language } = wholeText(input);
  const finder = new KeywordFinder({ language, most: input.keywords ?? 12 });
  const syllables = new SyllableCounter();
  const vocabulary = new Set<string>();
  const headings = new Set<string>();
  const lengths: number[] = [];
  let syllableCount = 0;
  const titled = sections.find(({ heading }) => heading !== '');
  for (const [index, section] of sections.entries()) {
    // A heading that comes again and again (`Returns`) is form, not matter.
    if (!headings.has(section.heading)) finder.add(section.heading, section === titled ? 'title' : 'heading');
    headings.add(section.heading);
    for (const sentence of section.sentences) {
      const words = wordsOf(sentence, language);
      if (words.length > 0) lengths.push(words.length);
      for (const word of words) {
        vocabulary.add(word.toLowerCase());
        if (language === 'en') syllableCount += syllables.count(word);
      }
      finder.add(sentence, index === 0 ? 'opening' : 'body');
      await breathe();
    }
  }
  const words = lengths.reduce((sum, length) => sum + length, 0);
  if (words === 0) return undefined;
  return {
    language,
    keywords: finder.ranked(),
    readability: language === 'en' ? readability(words, lengths.length, syllableCount) : null,
    counts: {
      characters: sections.reduce((sum, { text }) => sum + codePoints(text), 0),
      words,
      uniqueWords: vocabulary.size,
      sentences: lengths.length,
      paragraphs: sections.reduce((sum, { text }) => sum + paragraphsOf(text).length, 0),
      sections: sections.length,
    },
    readingMinutes: Math.ceil((words / WORDS_PER_MINUTE) * 2) / 2,
    sentenceLengths: sentenceLengths(lengths),
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
