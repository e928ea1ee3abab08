import { breather } from '../breather.ts';
import { type TextInput, wholeText } from '../sections.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { prominence } from './prominence.ts';
import { countShared, textRank } from './text-rank.ts';

/** What is to be summarised. */
export interface SummarizeInput extends TextInput {
  /** How many sentences are wanted, 1 to 20. Default: 5. */
  sentences?: number;
}

/** A summary in the document's own words. */
export type Summary = {
  /** Its sentences, in the order of the document. */
  sentences: SummarySentence[];
};

/** A sentence of a summary. */
export type SummarySentence = {
  /** The sentence, as it stands in the document. */
  text: string;
  /** How central it is, from 0 to 1: 1 for the most central one. */
  weight: number;
  /** The heading of its section; empty before the first heading. */
  section: string;
};

/** How a summary is made. */
export interface SummarizeOptions {
  /** Ends the work when it is aborted; its reason is thrown. */
  signal: AbortSignal;
  /** Told of each sentence as it is chosen, the most central first. */
  onChosen(sentence: SummarySentence): void;
}

/** Two sentences that share this part of their words say the same: only the better one is taken. */
const SAME = 0.5;

/**
 * Chooses the sentences that say most about a text: by TextRank and by where they stand, and none that
 * repeats one already chosen. At most 400 sentences are compared (see `candidatesOf`).
 * Fewer come back where a text has no more. Nothing if it has none.
 */
export async function summarize(
  input: SummarizeInput,
  options: SummarizeOptions,
): Promise<Summary | undefined> {
  const { sentences: wanted = 5, ...text } = input;
  const candidates = candidatesOf(wholeText(text), wanted);
  if (candidates.length === 0) return undefined;
  const ranks = await textRank(
    candidates.map(({ words }) => words),
    { breathe: breather(options.signal) },
  );
  const ranked = candidates
    .map((candidate, index) => ({ candidate, weight: ranks[index]! * prominence(candidate, candidates[0]!) }))
    .sort((a, b) => b.weight - a.weight);
  const top = ranked[0]!.weight;
  const chosen: { candidate: Candidate; sentence: SummarySentence }[] = [];
  for (const { candidate, weight } of ranked) {
    if (chosen.length === wanted) break;
    if (chosen.some((other) => isRepeated(candidate, other.candidate))) continue;
    const { text, section } = candidate;
    const sentence = { text, weight: Math.round((weight / top) * 1000) / 1000, section };
    chosen.push({ candidate, sentence });
    options.onChosen(sentence);
  }
  chosen.sort((a, b) => a.candidate.order - b.candidate.order);
  return { sentences: chosen.map(({ sentence }) => sentence) };
}

function isRepeated({ text, words }: Candidate, other: Candidate): boolean {
  const shared = countShared(words, other.words);
  return text === other.text || shared > SAME * (words.size + other.words.size - shared);
}
