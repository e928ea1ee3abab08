import { knownLanguages, stopwordsOf } from './stopwords.ts';

/** How much of a text is looked at, in UTF-16 units: enough for a verdict, and the same cost for any length. */
const SAMPLE_LENGTH = 20_000;

/** The share of a text's words that must be small words of a language before it is taken for that language. */
const LEAST_SHARE = 0.06;

/** The fewest different words that can tell a language by its small words. */
const LEAST_WORDS = 8;

/** The languages that a script can stand for, the likeliest first. Kana before Han: Japanese is written in both. */
const scripts: readonly { letters: RegExp; languages: readonly string[] }[] = [
  { letters: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, languages: ['ja'] },
  { letters: /\p{Script=Han}/gu, languages: ['zh'] },
  { letters: /\p{Script=Hangul}/gu, languages: ['ko'] },
  { letters: /\p{Script=Arabic}/gu, languages: ['ar', 'fa'] },
  { letters: /\p{Script=Cyrillic}/gu, languages: ['ru', 'uk'] },
  { letters: /\p{Script=Hebrew}/gu, languages: ['he'] },
  { letters: /\p{Script=Greek}/gu, languages: ['el'] },
  { letters: /\p{Script=Devanagari}/gu, languages: ['hi'] },
  { letters: /\p{Script=Thai}/gu, languages: ['th'] },
];

const scripted = new Set(scripts.flatMap((script) => script.languages));
const latin = knownLanguages.filter((language) => !scripted.has(language));

/**
 * The language of a text as a primary tag of BCP 47 (`en`, `zh`), or `und` where it cannot be told. Judged by script,
 * and among languages of one script by the small words (stopwords) that the text uses.
 */
export function detectLanguage(text: string): string {
  const sample = text.slice(0, SAMPLE_LENGTH);
  const letters = count(sample, /\p{L}/gu);
  if (letters === 0) return 'und';
  for (const script of scripts) {
    // Kana are a fifth of Japanese at least; of Han, letters of other scripts stand between, as in this very line.
    if (count(sample, script.letters) / letters < 0.2) continue;
    return bySmallWords(sample, script.languages) ?? script.languages[0]!;
  }
  return bySmallWords(sample, latin) ?? 'und';
}

/** A language tag as someone wrote it (`en_US`, `DE-at`), as a primary tag; nothing if it is no tag at all. */
export function primaryTag(tag: string): string | undefined {
  try {
    return new Intl.Locale(tag.trim().replaceAll('_', '-')).language;
  } catch {
    return undefined;
  }
}

/** The language whose small words the text uses most, a word shared by n languages counting as 1/n for each. */
function bySmallWords(text: string, languages: readonly string[]): string | undefined {
  const words = text.toLowerCase().match(/[\p{L}\p{M}]+(?:['’][\p{L}]+)?/gu) ?? [];
  if (new Set(words).size < LEAST_WORDS) return undefined;
  const votes = new Map<string, number>();
  for (const word of words) {
    const speakers = languages.filter((language) => stopwordsOf(language).has(word));
    for (const language of speakers) votes.set(language, (votes.get(language) ?? 0) + 1 / speakers.length);
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  return best && best[1] / words.length >= LEAST_SHARE ? best[0] : undefined;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
