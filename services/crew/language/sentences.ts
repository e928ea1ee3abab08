import { segmenter } from './segmenter.ts';

/**
 * What a full stop does not end a sentence after: a short title or reference, or a lone capital (an initial). ICU
 * cuts `Dr. Who` and `cf. Knuth` in two, because a capital follows.
 */
const UNFINISHED =
  /(?:^|[\s([{"'“‘])(?:(?:Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|No|Nr|Fig|Eq|Vol|pp?|cf|vs|al|approx|e\.g|i\.e|z\.B|u\.a|d\.h|M|Mme)|\p{Lu})\.$/u;

/**
 * The sentences of one paragraph, trimmed, by the rules of its language (`Intl.Segmenter`). What follows an
 * abbreviation is joined to it again.
 */
export function sentencesOf(paragraph: string, language: string): string[] {
  const sentences: string[] = [];
  let open = '';
  for (const { segment } of segmenter(language, 'sentence').segment(paragraph)) {
    open += segment;
    const sentence = open.trim();
    if (UNFINISHED.test(sentence.slice(-16))) continue;
    if (sentence !== '') sentences.push(sentence);
    open = '';
  }
  const rest = open.trim();
  if (rest !== '') sentences.push(rest);
  return sentences;
}
