import { describe, expect, it } from 'vitest';
import { candidatesOf, MOST_CANDIDATES } from '../../../services/crew/summarizer/candidates.ts';
import { type SummarySentence, summarize } from '../../../services/crew/summarizer/summarize.ts';
import { textRank } from '../../../services/crew/summarizer/text-rank.ts';

const options = { signal: new AbortController().signal, onChosen: () => {} };
const central = 'The orchestrator routes every task to an agent by its capability.';
const text = `Troupe is a mesh of agents. ${central} An agent has capabilities and serves tasks. Bananas are yellow
when they are ripe. The orchestrator calls an agent with a deadline for every task. Rain fell on the quiet town.`;

const longSections = Array.from({ length: 50 }, (_, section) => ({
  heading: `Part ${section}`,
  level: 1,
  text: '',
  sentences: Array.from(
    { length: 40 },
    (_, place) => `Sentence ${place} of part ${section} stands right here.`,
  ),
}));

describe('summarize', () => {
  it('chooses the sentences that the others speak of too', async () => {
    const summary = await summarize({ text, sentences: 3 }, options);
    const chosen = summary!.sentences.map((sentence) => sentence.text);
    expect(chosen).toHaveLength(3);
    expect(chosen).toContain(central);
    expect(chosen.join()).not.toMatch(/Bananas|Rain/);
  });

  it('gives them in the order of the document, the most central with the weight 1', async () => {
    const summary = await summarize({ text, sentences: 4 }, options);
    const places = summary!.sentences.map((sentence) => text.replace(/\n/g, ' ').indexOf(sentence.text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.max(...summary!.sentences.map(({ weight }) => weight))).toBe(1);
  });

  it('tells of each sentence as it is chosen, the most central first', async () => {
    const told: SummarySentence[] = [];
    const summary = await summarize(
      { text, sentences: 3 },
      { ...options, onChosen: (one) => told.push(one) },
    );
    expect(told.map(({ weight }) => weight)).toEqual(
      told.map(({ weight }) => weight).toSorted((a, b) => b - a),
    );
    expect(new Set(told)).toEqual(new Set(summary!.sentences));
  });

  it('says five sentences unless told otherwise', async () => {
    expect((await summarize({ text }, options))?.sentences).toHaveLength(5);
  });

  it('says nothing twice', async () => {
    const summary = await summarize({ text: `${central} `.repeat(10) }, options);
    expect(summary?.sentences.map((sentence) => sentence.text)).toEqual([central]);
  });

  it('names the section of each sentence', async () => {
    const sections = [{ heading: 'Mesh', text: central }];
    const summary = await summarize({ sections }, options);
    expect(summary?.sentences).toEqual([{ text: central, weight: 1, section: 'Mesh' }]);
  });

  it('takes fragments where a text has no whole sentence', async () => {
    expect((await summarize({ text: 'Hello there' }, options))?.sentences[0]?.text).toBe('Hello there');
  });

  it('leaves a sentence under a formal heading behind one of the matter', async () => {
    const license = 'The license of the mesh lets every agent use the mesh for any task.';
    const matter = 'The mesh lets every agent of the mesh serve any task that it likes.';
    const sections = [
      { heading: 'Start', text: 'One starts with the mesh, and goes on from there.' },
      { heading: 'License', text: license },
      { heading: 'Tasks', text: matter },
    ];
    const summary = await summarize({ sections, sentences: 2 }, options);
    expect(summary!.sentences.map((sentence) => sentence.text)).toContain(matter);
    expect(summary!.sentences.map((sentence) => sentence.text)).not.toContain(license);
  });

  it.each(['', ' \n '])('finds nothing to say of %j', async (empty) => {
    expect(await summarize({ text: empty }, options)).toBeUndefined();
  });

  it('stops with the signal’s reason', async () => {
    const task = new AbortController();
    const summary = summarize({ sections: longSections }, { ...options, signal: task.signal });
    task.abort(new Error('the caller went away'));
    await expect(summary).rejects.toThrow('the caller went away');
  });
});

describe('candidatesOf', () => {
  it('takes from a long document the first sentences of every section', () => {
    const candidates = candidatesOf({ sections: longSections, language: 'en' }, 5);
    expect(candidates).toHaveLength(MOST_CANDIDATES);
    expect(new Set(candidates.map(({ section }) => section)).size).toBe(50);
    expect(Math.max(...candidates.map(({ place }) => place))).toBe(7);
  });

  it.each([
    ['a lead-in', 'These are the options that the command takes:'],
    ['a formula', 'f(x) = { a[0] + b[1] * 2 } / (3 ** n) - 12.'],
    ['a fragment', 'more of the same thing that stood before.'],
    ['a sentence too long', `${'The mesh is a mesh of meshes and '.repeat(15)}ends.`],
  ])('prefers whole sentences to %s', (_, sentence) => {
    const section = { heading: '', level: 0, text: '', sentences: [central, sentence] };
    const candidates = candidatesOf({ sections: [section], language: 'en' }, 1);
    expect(candidates.map((candidate) => candidate.text)).toEqual([central]);
  });
});

it('lets a section open with a name that is written small', () => {
  const opening = 'troupe is a mesh of agents that anyone can join.';
  const section = { heading: '', level: 0, text: '', sentences: [opening, central] };
  const candidates = candidatesOf({ sections: [section], language: 'en' }, 1);
  expect(candidates.map((candidate) => candidate.text)).toEqual([opening, central]);
});

describe('textRank', () => {
  const breathe = async () => {};

  it('ranks a sentence that shares words with two above those that share with one', async () => {
    const sentences = [new Set(['a', 'b', 'c']), new Set(['c', 'd', 'e']), new Set(['e', 'f', 'g'])];
    const [left, middle, right] = await textRank(sentences, { breathe });
    expect(middle).toBeGreaterThan(left!);
    expect(left).toBeCloseTo(right!, 6);
  });

  it('ranks sentences that share nothing all the same', async () => {
    expect(await textRank([new Set(['a', 'b']), new Set(['c', 'd'])], { breathe })).toEqual([0.5, 0.5]);
  });
});
