import { UndirectedGraph } from 'graphology';
import pagerankModule from 'graphology-metrics/centrality/pagerank.js';

// Its types speak of an ES module with a default export; it is CommonJS, and the function is all of it.
const pagerank = pagerankModule as unknown as typeof pagerankModule.default;

/** How TextRank runs. */
export interface TextRankOptions {
  /** Awaited between pieces of work; it may throw to end it. */
  breathe(): Promise<void>;
}

/**
 * How central each sentence is to the text, by the sets of its words: PageRank over the graph of sentences that share
 * words (R. Mihalcea, P. Tarau, "TextRank: Bringing Order into Texts", EMNLP 2004). The ranks sum to 1.
 */
export async function textRank(
  sentences: readonly ReadonlySet<string>[],
  { breathe }: TextRankOptions,
): Promise<number[]> {
  const graph = new UndirectedGraph<object, { weight: number }>();
  for (const index of sentences.keys()) graph.addNode(index);
  for (const [index, words] of sentences.entries()) {
    for (let other = 0; other < index; other++) {
      const weight = similarity(words, sentences[other]!);
      if (weight > 0) graph.addEdge(index, other, { weight });
    }
    await breathe();
  }
  if (graph.size === 0) return sentences.map(() => 1 / sentences.length);
  // A rank in the third place matters to nobody: the default tolerance of 1e-6 is tried for up to 100 rounds.
  const ranks = pagerank(graph, { getEdgeWeight: 'weight', tolerance: 1e-4, maxIterations: 1_000 });
  return sentences.map((_, index) => ranks[index] ?? 0);
}

/** The words that two sentences share, over the logarithms of their lengths, so that long ones do not win by length. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [fewer, more] = a.size < b.size ? [a, b] : [b, a];
  if (fewer.size < 2) return 0;
  return countShared(fewer, more) / (Math.log(a.size) + Math.log(b.size));
}

/** How many words two sentences have in common. */
export function countShared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared;
}
