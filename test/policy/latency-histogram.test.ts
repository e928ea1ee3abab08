import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../services/policy/latency-histogram.ts';
import { quantile, seededRandom } from './simulation.ts';

const WIDTH = 2 ** (1 / 8);

describe('a latency histogram', () => {
  it('tells the quantile of what it has seen, at most 9 % too high', () => {
    const latencies = fc.array(fc.double({ min: 0.2, max: 3_600_000, noNaN: true }), {
      minLength: 20,
      maxLength: 300,
    });
    fc.assert(
      fc.property(latencies, fc.constantFrom(0.5, 0.9, 0.95), (latencies, p) => {
        const histogram = new LatencyHistogram({ quantile: p });
        for (const ms of latencies) histogram.observe(ms, 0);
        const told = histogram.quantileMs(0)!;
        // Where the quantile lies between two of them, it is the higher one or the lower one.
        expect(told).toBeGreaterThanOrEqual(quantile(latencies, p - 1e-9) * (1 - 1e-9));
        expect(told).toBeLessThanOrEqual(quantile(latencies, p + 1e-9) * WIDTH * (1 + 1e-9));
      }),
    );
  });

  it('tells nothing while it has too little to go by, and none of what is long past', () => {
    const histogram = new LatencyHistogram();
    for (let count = 1; count < 20; count++) histogram.observe(10, 0);
    expect(histogram.quantileMs(0)).toBeUndefined();
    histogram.observe(10, 100);
    histogram.observe(10, 100);
    expect(histogram.quantileMs(100)).toBeGreaterThanOrEqual(10);
    expect(histogram.quantileMs(200_000)).toBeUndefined();
  });

  it('follows latencies that change, within minutes and over days', () => {
    const histogram = new LatencyHistogram();
    const random = seededRandom();
    const day = 86_400_000;
    for (const [typical, from] of [
      [10, 0],
      [200, 300_000],
      [3, 600_000],
      [50, 7 * day],
    ] as const) {
      for (let ms = 0; ms < 300_000; ms += 100) histogram.observe(typical * (1 + random()), from + ms);
      const told = histogram.quantileMs(from + 300_000)!;
      expect(told).toBeGreaterThan(typical * 1.9);
      expect(told).toBeLessThan(typical * 2 * WIDTH);
    }
  });

  it('counts a latency of nothing, and one beyond its range', () => {
    const histogram = new LatencyHistogram();
    for (let count = 0; count < 20; count++) histogram.observe(0, 0);
    expect(histogram.quantileMs(0)).toBe(0.125);
    for (let count = 0; count < 20; count++) histogram.observe(1e12, 0);
    expect(histogram.quantileMs(100)).toBeGreaterThan(3_600_000);
  });
});
