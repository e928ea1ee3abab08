import type { Candidate } from './candidates.ts';

/** How many of the first sentences open a document. */
const OPENING_LENGTH = 3;

const OPENS_DOCUMENT = 2;
const OPENS_SECTION = 1.2;

/** Sections that stand in many documents, and say little of what each one is about. */
const FORMAL_HEADING =
  /\b(?:licen[cs]e|contribut|sponsor|backer|support|author|credit|acknowledge?ment|thanks|change\s?log|install|security|conduct|copyright|references)/i;
const FORMAL = 0.6;

/** How a sentence begins that leans on the one before it, in English. */
const LEANING_START =
  /^(?:and|but|also|however|for example|for instance|then|otherwise|instead|therefore|thus|in addition|moreover|additionally|similarly|it|they|he|she)\b/i;
const LEANING = 0.7;

/** A sentence of fewer UTF-16 units, which TextRank makes too much of for the few words it divides by. */
const SHORT_LENGTH = 45;
const SHORT = 0.75;

/**
 * How much a sentence counts for where it stands and how it begins, beside how central it is: more where it opens the
 * document or a section, less under a heading such as `License`, where it leans on the
 * sentence before it, or where it is very short.
 */
export function prominence({ text, section, order, place }: Candidate, first: Candidate): number {
  const opensDocument = section === first.section && order - first.order < OPENING_LENGTH;
  const opening = opensDocument ? OPENS_DOCUMENT : place === 0 ? OPENS_SECTION : 1;
  const formal = FORMAL_HEADING.test(section) ? FORMAL : 1;
  const leaning = LEANING_START.test(text) ? LEANING : 1;
  const short = text.length < SHORT_LENGTH && !opensDocument ? SHORT : 1;
  return opening * formal * leaning * short;
}
