import { stopwordsOf } from '../language/stopwords.ts';
import { foldWord, wordRunsOf } from '../language/words.ts';

/** A word or phrase that says what a text is about. */
export type Keyword = {
  /** The word or phrase, as the text mostly writes it. */
  term: string;
  /** How much it says, from 0 to 1: 1 for the first of the text. */
  weight: number;
};

/** How keywords are found. */
export interface KeywordOptions {
  /** The primary tag of the text's language. */
  language: string;
  /** How many are returned at most. */
  most: number;
}

/** The most words of one phrase. */
const LONGEST_PHRASE = 3;

/** After so many words with a meaning the rest of a text changes little about its keywords, and is not looked at. */
const MOST_WORDS = 50_000;

/** How much an occurrence counts by where it stands. */
const WEIGHTS = { title: 3, heading: 2, opening: 1.5, body: 1 };

/** How much one in a heading counts if the text below never takes the word up: `License`, `Installation`. */
const EMPTY_HEADING_WEIGHT = 0.3;

/** Where a text stands in its document: its first heading, another one, its first section, or elsewhere. */
export type Place = keyof typeof WEIGHTS;

interface Candidate {
  /** Its words, folded. */
  words: readonly string[];
  /** How often it occurs. */
  count: number;
  /** How often it occurs in headings, but the title. */
  headings: number;
  /** How often it occurs elsewhere, each by its weight. */
  weighted: number;
  /** How often it is written in which way. */
  forms: Map<string, number>;
}

/**
 * Gathers what may be a keyword, text by text, and ranks it at the end by C-value (Frantzi, Ananiadou, Mima, "Automatic
 * recognition of multi-word terms", 2000): log2(words + 1) × (occurrences − mean occurrences of the longer candidates
 * that contain it), so that `event` is no keyword where the text only ever says `event loop`.
 */
export class KeywordFinder {
  readonly #language: string;
  readonly #most: number;
  readonly #candidates = new Map<string, Candidate>();
  #words = 0;

  constructor(options: KeywordOptions) {
    this.#language = options.language;
    this.#most = options.most;
  }

  /** Takes in a heading or a sentence. */
  add(text: string, place: Place): void {
    if (this.#words > MOST_WORDS) return;
    for (const run of wordRunsOf(text, this.#language)) {
      for (const phrase of this.#meaningfulParts(run)) this.#addPhrases(phrase, place);
    }
  }

  /** The keywords of all that was taken in, the weightiest first. */
  ranked(): Keyword[] {
    const chosen: [Candidate, number][] = [];
    for (const scored of [...this.#scores()].sort((a, b) => b[1] - a[1])) {
      if (chosen.length === this.#most) break;
      if (!chosen.some(([other]) => saysTheSame(scored[0], other))) chosen.push(scored);
    }
    const top = chosen[0]?.[1] ?? 1;
    return chosen.map(([candidate, score]) => ({
      term: mostFrequent(candidate.forms),
      weight: Math.round((score / top) * 1000) / 1000,
    }));
  }

  /** A run of words, cut where one has no meaning of its own. */
  #meaningfulParts(run: readonly string[]): string[][] {
    const parts: string[][] = [[]];
    for (const word of run) {
      if (this.#hasMeaning(word)) parts.at(-1)!.push(word);
      else parts.push([]);
    }
    return parts;
  }

  #hasMeaning(word: string): boolean {
    const lower = word.toLowerCase().replaceAll('’', "'");
    if (word.length < 2 || word.length > 40 || !/\p{L}/u.test(word) || /^[\d.,]/.test(word)) return false;
    // In Japanese, what is written in hiragana alone is grammar.
    if (/^\p{Script=Hiragana}+$/u.test(word)) return false;
    const isShort = word.length === 2 && /^\p{Script=Latin}+$/u.test(word) && word !== word.toUpperCase();
    return !isShort && !stopwordsOf(this.#language).has(lower);
  }

  #addPhrases(words: readonly string[], place: Place): void {
    this.#words += words.length;
    const folded = words.map((word) => foldWord(word, this.#language));
    for (let start = 0; start < words.length; start++) {
      for (let length = 1; length <= LONGEST_PHRASE && start + length <= words.length; length++) {
        const end = start + length;
        this.#count(folded.slice(start, end), words.slice(start, end), place);
      }
    }
  }

  #count(folded: readonly string[], written: readonly string[], place: Place): void {
    // `event-loop` is the same as `event loop`.
    const key = folded.join(' ').replaceAll('-', ' ');
    const form = written.join(/^(?:ja|zh|th)$/.test(this.#language) ? '' : ' ');
    const candidate = this.#candidates.get(key) ?? {
      words: key.split(' '),
      count: 0,
      headings: 0,
      weighted: 0,
      forms: new Map(),
    };
    candidate.count += 1;
    if (place === 'heading') candidate.headings += 1;
    else candidate.weighted += WEIGHTS[place];
    candidate.forms.set(form, (candidate.forms.get(form) ?? 0) + 1);
    this.#candidates.set(key, candidate);
  }

  #scores(): Map<Candidate, number> {
    // A phrase that occurs once is mostly chance; a single word may be all that a short text has.
    const candidates = [...this.#candidates.values()].filter(
      ({ words, count }) => words.length === 1 || count > 1,
    );
    const longer = new Map<string, { occurrences: number; phrases: number }>();
    for (const candidate of candidates) {
      const { words } = candidate;
      for (const part of properParts(words)) {
        const sum = longer.get(part) ?? { occurrences: 0, phrases: 0 };
        longer.set(part, { occurrences: sum.occurrences + occurrences(candidate), phrases: sum.phrases + 1 });
      }
    }
    return new Map(
      candidates.map((candidate) => {
        const nested = longer.get(candidate.words.join(' '));
        const own = occurrences(candidate) - (nested ? nested.occurrences / nested.phrases : 0);
        return [candidate, Math.log2(candidate.words.length + 1) * own];
      }),
    );
  }
}

function occurrences({ headings, weighted }: Candidate): number {
  return weighted + headings * (weighted > 0 ? WEIGHTS.heading : EMPTY_HEADING_WEIGHT);
}

/** Whether a candidate is part of one that says more than it, or shares two words with it. */
function saysTheSame(candidate: Candidate, chosen: Candidate): boolean {
  const shared = candidate.words.filter((word) => chosen.words.includes(word)).length;
  return shared >= 2 || (candidate.words.length === 1 && shared === 1);
}

function properParts(words: readonly string[]): Set<string> {
  const parts = new Set<string>();
  for (let length = 1; length < words.length; length++) {
    for (let start = 0; start + length <= words.length; start++) {
      parts.add(words.slice(start, start + length).join(' '));
    }
  }
  return parts;
}

/** The way of writing that is most frequent; of several, the shortest, which is the singular. */
function mostFrequent(forms: ReadonlyMap<string, number>): string {
  const [best] = [...forms].sort((a, b) => b[1] - a[1] || a[0].length - b[0].length);
  return best![0];
}
