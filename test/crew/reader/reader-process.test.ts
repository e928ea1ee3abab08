import { afterEach, describe, expect, it } from 'vitest';
import { ReaderProcess } from '../../../services/crew/reader/reader-process.ts';

const source = (name: string, text: string) => ({
  bytes: new TextEncoder().encode(text),
  name,
  mediaType: '',
});
const good = source('a.md', '# Stage\n\nThe curtain opens.');
/** A thousand lists in one another: minutes of work for the Markdown parser. */
const slow = source(
  'a.md',
  Array.from({ length: 1_000 }, (_, depth) => `${'  '.repeat(depth)}- x`).join('\n'),
);
/** Formatting left open, which HTML has repeated in every paragraph: 400 million elements. */
const big = source('a.html', Array.from({ length: 20_000 }, (_, size) => `<font size=${size}><p>`).join(''));
const never = new AbortController().signal;

describe('ReaderProcess', () => {
  let readings: ReaderProcess;
  afterEach(() => readings.close());

  it('reads documents in the order in which they are asked for', async () => {
    readings = new ReaderProcess();
    const titles: (string | undefined)[] = [];
    const ask = async (text: string) => {
      const { document } = await readings.read(source('a.md', text), never);
      titles.push(document?.title);
    };
    await Promise.all([ask('# One\n\nText.'), ask('# Two\n\nText.'), ask('# Three\n\nText.')]);
    expect(titles).toEqual(['One', 'Two', 'Three']);
  });

  it('gives up a document that takes too long, and reads the next one', async () => {
    readings = new ReaderProcess({ timeLimitMs: 5_000 });
    const [given, next] = await Promise.all([readings.read(slow, never), readings.read(good, never)]);
    expect(given.problem).toMatch(/within 5 s/);
    expect(next.document?.title).toBe('Stage');
  });

  it('gives up a document that takes too much memory, and reads the next one', async () => {
    readings = new ReaderProcess({ timeLimitMs: 60_000, heapLimitMib: 64 });
    expect((await readings.read(big, never)).problem).toMatch(/64 MiB of memory/);
    expect((await readings.read(good, never)).document?.title).toBe('Stage');
  }, 90_000);

  it('stops at once when the task is cancelled, and reads the next one', async () => {
    readings = new ReaderProcess();
    const task = new AbortController();
    const cancelled = readings.read(slow, task.signal);
    const next = readings.read(good, never);
    task.abort(new Error('the caller went away'));
    await expect(cancelled).rejects.toThrow('the caller went away');
    expect((await next).document?.title).toBe('Stage');
  });

  it('does not keep a cancelled task waiting for its turn', async () => {
    readings = new ReaderProcess({ timeLimitMs: 1_500 });
    const first = readings.read(slow, never);
    const task = new AbortController();
    const waiting = readings.read(good, task.signal);
    task.abort(new Error('the caller went away'));
    await expect(waiting).rejects.toThrow('the caller went away');
    expect((await first).problem).toBeDefined();
  });

  it('starts again after it was closed', async () => {
    readings = new ReaderProcess();
    await readings.read(good, never);
    readings.close();
    expect((await readings.read(good, never)).document?.title).toBe('Stage');
  });
});
