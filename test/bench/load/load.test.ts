import { describe, expect, it } from 'vitest';
import { figureOf, median } from '../../report/statistics.ts';
import { closedLoop } from './closed-loop.ts';
import { answerTo, payloadsOf } from './payload.ts';
import { interleaved } from './rounds.ts';

describe('payloads', () => {
  it.each([64, 128, 64 * 1024])('have %d bytes of JSON, each another number', (bytes) => {
    const next = payloadsOf(bytes);
    const [first, second] = [next(), next()];
    expect(Buffer.byteLength(JSON.stringify(first))).toBe(bytes);
    expect(Buffer.byteLength(JSON.stringify(second))).toBe(bytes);
    expect(second.n).not.toBe(first.n);
  });
});

describe('the median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
    [[10, 9, 100], 10],
    [[], Number.NaN],
  ])('of %j is %d', (figures, middle) => {
    expect(median(figures)).toBe(middle);
  });

  it('stands with the least and the greatest of its rounds', () => {
    expect(figureOf([5, 1, 3])).toEqual({ value: 3, spread: [1, 5] });
  });
});

describe('interleaved rounds', () => {
  it('warm up each contestant, then measure all of them in turn', async () => {
    const order: string[] = [];
    const measured = await interleaved(
      ['A', 'B', 'C'],
      { count: 2 },
      async (name) => order.push(name),
      async (name) => void order.push(`warm ${name}`),
    );
    expect(order).toEqual(['warm A', 'warm B', 'warm C', 'A', 'B', 'C', 'A', 'B', 'C']);
    expect(measured.get('B')).toEqual([5, 8]);
  });

  it('are at least one, however little time there is', async () => {
    const measured = await interleaved(['A'], { count: 5, withinMs: -1 }, async () => 'measured');
    expect(measured.get('A')).toEqual(['measured']);
  });
});

describe('a closed loop', () => {
  const load = { inFlight: 4, payloadBytes: 128, durationMs: 20 };
  const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('keeps as many calls in flight as it is told, and counts them all', async () => {
    let inFlight = 0;
    let most = 0;
    let made = 0;
    const { calls } = await closedLoop(async (payload) => {
      made++;
      most = Math.max(most, ++inFlight);
      await soon();
      inFlight--;
      return answerTo(payload);
    }, load);
    expect(most).toBe(4);
    expect(calls).toBe(made);
    expect(inFlight).toBe(0);
  });

  it('fails where an answer is not that of its question', async () => {
    const echo = closedLoop(async (payload) => {
      await soon();
      return payload;
    }, load);
    await expect(echo).rejects.toThrow('was answered');
  });
});
