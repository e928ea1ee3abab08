import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../services/crew/analyst/analyze.ts';
import { readability } from '../../../services/crew/analyst/readability.ts';
import { sentenceLengths } from '../../../services/crew/analyst/sentence-lengths.ts';

const never = new AbortController().signal;

/** The beginning of the Gettysburg Address. */
const gettysburg = `Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in
Liberty, and dedicated to the proposition that all men are created equal.

Now we are engaged in a great civil war, testing whether that nation, or any nation so conceived and so dedicated, can
long endure. We are met on a great battle-field of that war. We have come to dedicate a portion of that field, as a
final resting place for those who here gave their lives that that nation might live. It is altogether fitting and
proper that we should do this.`;

const loops = {
  sections: [
    { heading: 'The event loop', text: 'An event loop takes events. Event loops never block.' },
    {
      heading: 'Queues',
      text: 'Every event loop has a queue. A queue holds timers, and the event loop drains the queue.',
    },
    { heading: 'License', text: 'Free for all.' },
  ],
  language: 'en',
};

describe('analyze', () => {
  it('counts what a text has', async () => {
    const analysis = await analyze({ text: gettysburg }, never);
    expect(analysis?.language).toBe('en');
    expect(analysis?.counts).toMatchObject({ sentences: 5, paragraphs: 2, sections: 1 });
    const { words, uniqueWords } = analysis!.counts;
    expect([words, uniqueWords]).toEqual([103, 71]);
  });

  it('puts what a text is about first, with plurals and singulars as one', async () => {
    const analysis = await analyze(loops, never);
    const [first, second] = analysis!.keywords;
    expect(first).toEqual({ term: 'event loop', weight: 1 });
    expect(second?.term).toBe('queue');
  });

  it('makes no keyword of a part of one, nor of a heading that nothing takes up', async () => {
    const terms = (await analyze(loops, never))!.keywords.map(({ term }) => term);
    expect(terms).not.toContain('loop');
    expect(terms.indexOf('License')).toBeGreaterThan(terms.indexOf('queue'));
  });

  it('prefers a phrase to a word that mostly occurs in it', async () => {
    const text = `${'An event loop. '.repeat(4)}${'A loop. '.repeat(3)}`;
    const analysis = await analyze({ text, language: 'en' }, never);
    expect(analysis?.keywords[0]?.term).toBe('event loop');
  });

  it('gives as many keywords as are asked for', async () => {
    const analysis = await analyze({ text: gettysburg, keywords: 3 }, never);
    expect(analysis?.keywords).toHaveLength(3);
  });

  it('finds keywords in a language without spaces, and no readability', async () => {
    const text = '数据库保存数据。分布式数据库把数据库分成几个部分。';
    const analysis = await analyze({ text }, never);
    expect(analysis).toMatchObject({ language: 'zh', readability: null });
    expect(analysis!.keywords.map(({ term }) => term).join()).toContain('数据');
  });

  it.each(['', ' \n ', '— … !'])('finds nothing in %j', async (text) => {
    expect(await analyze({ text }, never)).toBeUndefined();
  });

  it('stops with the signal’s reason', async () => {
    const task = new AbortController();
    const analysis = analyze({ text: gettysburg.repeat(500) }, task.signal);
    task.abort(new Error('the caller went away'));
    await expect(analysis).rejects.toThrow('the caller went away');
  });

  it('gives weights from 0 to 1, the first of them 1 and the rest falling, for any text', async () => {
    const words = fc.array(
      fc.constantFrom('mesh', 'agents', 'agent', 'the', '-', '.', 'Link', 'toString', '漢字'),
    );
    await fc.assert(
      fc.asyncProperty(words, async (text) => {
        const analysis = await analyze({ text: text.join(' ') }, never);
        const weights = analysis?.keywords.map(({ weight }) => weight) ?? [];
        expect(weights).toEqual(weights.toSorted((a, b) => b - a));
        expect(weights.every((weight) => weight >= 0 && weight <= 1)).toBe(true);
        expect(weights[0] ?? 1).toBe(1);
      }),
    );
  });
});

describe('readability', () => {
  it('follows the formulas of Flesch and Kincaid', () => {
    // 100 words, 5 sentences, 150 syllables: 206.835 − 20.3 − 126.9; 7.8 + 17.7 − 15.59.
    expect(readability(100, 5, 150)).toEqual({
      fleschReadingEase: 59.6,
      fleschKincaidGrade: 9.9,
      syllables: 150,
    });
  });

  it('finds nursery words easier than officialese', async () => {
    const ease = async (text: string) =>
      (await analyze({ text, language: 'en' }, never))!.readability!.fleschReadingEase;
    const easy = await ease('The cat sat on the mat. The dog ran to the cat.');
    const hard = await ease(
      'Notwithstanding contractual considerations, administrative responsibilities necessitate documentation.',
    );
    expect(easy).toBeGreaterThan(90);
    expect(hard).toBeLessThan(0);
  });
});

describe('sentenceLengths', () => {
  it('counts every sentence in exactly one bar', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 })), (lengths) => {
        const bars = sentenceLengths(lengths);
        expect(bars.reduce((sum, { value }) => sum + value, 0)).toBe(lengths.length);
      }),
    );
  });

  it('names its bars by the words they take in', () => {
    const bars = sentenceLengths([1, 5, 6, 30, 31, 40, 41, 400]).filter(({ value }) => value > 0);
    expect(bars).toEqual([
      { label: '1–5', value: 2 },
      { label: '6–10', value: 1 },
      { label: '26–30', value: 1 },
      { label: '31–40', value: 2 },
      { label: '41+', value: 2 },
    ]);
  });
});
