import { syllable } from 'syllable';

/** How easy English prose is to read. */
export type Readability = {
  /** 0 (hardest) to 100 (easiest) for ordinary prose; extremes lie outside. */
  fleschReadingEase: number;
  /** The grade of a school in the United States whose pupils can read it. */
  fleschKincaidGrade: number;
  /** How many syllables the words have together, as estimated by the package `syllable`. */
  syllables: number;
};

/** Words longer than this, in UTF-16 units, are no English words: hashes and paths count as one syllable. */
const LONGEST_WORD = 40;

/** Counts syllables of English words. A word is looked at once, however often it comes. */
export class SyllableCounter {
  readonly #known = new Map<string, number>();

  count(word: string): number {
    const lower = word.toLowerCase();
    const known = this.#known.get(lower);
    if (known !== undefined) return known;
    const counted = lower.length > LONGEST_WORD ? 1 : Math.max(1, syllable(lower));
    this.#known.set(lower, counted);
    return counted;
  }
}

/**
 * Reading ease after R. Flesch, "A new readability yardstick" (Journal of Applied Psychology 32(3), 1948): 206.835 −
 * 1.015 × words per sentence − 84.6 × syllables per word. Grade level after J. P. Kincaid et al., Research Branch
 * Report 8-75 (US Navy, 1975): 0.39 × words per sentence + 11.8 × syllables per word − 15.59. Both were fitted to
 * English and say nothing of another language. Rounded to a tenth.
 */
export function readability(words: number, sentences: number, syllables: number): Readability {
  const perSentence = words / sentences;
  const perWord = syllables / words;
  return {
    fleschReadingEase: toTenth(206.835 - 1.015 * perSentence - 84.6 * perWord),
    fleschKincaidGrade: toTenth(0.39 * perSentence + 11.8 * perWord - 15.59),
    syllables,
  };
}

function toTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
