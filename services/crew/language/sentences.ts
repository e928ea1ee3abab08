import { segmenter } from './segmenter.ts';

/**
 * What a full stop does not end a sentence after: a short title or reference, or a lone capital (an initial). ICU
 * cuts `Dr. Who` and `cf. Knuth` in two, because a capital follows.
 */
const UNFINISHED =
  /(?:^|[\s([{"'“‘])(?:(?:Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|No|Nr|Fig|Eq|Vol|pp?|cf|vs|al|approx|e\.g|i\.e|z\.B|u\.a|d\.h|M|Mme)|\p{Lu})\.$/u;

/** The longest sentence, in UTF-16 units. A longer one is no prose, and is cut at a space: work on it stays bounded. */
const LONGEST = 2_000;

/**
 * The sentences of one paragraph, trimmed, by the rules of its language (`Intl.Segmenter`). What follows an
 * abbreviation is joined to it again; one of more than 2,000 UTF-16 units is cut.
 */
export function sentencesOf(paragraph: string, language: string): string[] {
  const sentences: string[] = [];
  let open = '';
  for (const { segment } of segmenter(language, 'sentence').segment(paragraph)) {
    open += segment;
    if (open.length < LONGEST && UNFINISHED.test(open.slice(-16).trimEnd())) continue;
    sentences.push(...cutToLength(open));
    open = '';
  }
  return [...sentences, ...cutToLength(open)];
}

/** A sentence, trimmed and in parts of at most 2,000 UTF-16 units; none if it is empty. */
export function cutToLength(sentence: string): string[] {
  const parts: string[] = [];
  let rest = sentence.trim();
  while (rest.length > LONGEST) {
    const space = rest.lastIndexOf(' ', LONGEST);
    const end = space > 0 ? space : LONGEST;
    parts.push(rest.slice(0, end).toWellFormed());
    rest = rest.slice(end).trimStart();
  }
  return rest === '' ? parts : [...parts, rest.toWellFormed()];
}
