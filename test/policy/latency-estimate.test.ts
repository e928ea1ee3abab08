import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyEstimate } from '../../services/policy/latency-estimate.ts';

const ms = fc.double({ min: 0, max: 60_000, noNaN: true });
const outcome = fc.constantFrom('success' as const, 'failure' as const, 'ignored' as const);
/** Calls one after the other: how long before each, how long it took, how it ended. */
const history = fc.array(fc.record({ pause: ms, took: ms, outcome }), { maxLength: 40 });

type History = { pause: number; took: number; outcome: 'success' | 'failure' | 'ignored' }[];

function estimateOf(calls: History): { estimate: LatencyEstimate; now: number } {
  const estimate = new LatencyEstimate();
  let now = 0;
  for (const { pause, took, outcome } of calls) {
    estimate.started(now + pause);
    now += pause + took;
    estimate.ended(outcome, took, now);
  }
  return { estimate, now };
}

describe('a latency estimate', () => {
  it('is at once at least what the last call took', () => {
    fc.assert(
      fc.property(history, ms, outcome, (calls, took, outcome) => {
        const { estimate, now } = estimateOf([...calls, { pause: 0, took, outcome }]);
        expect(estimate.expectedMs(now, 0)).toBeGreaterThanOrEqual(took * (1 - 1e-9));
      }),
    );
  });

  it('fades while nothing is sent, and is gone after long', () => {
    fc.assert(
      fc.property(history, ms, (calls, pause) => {
        const { estimate, now } = estimateOf([{ pause: 0, took: 5, outcome: 'success' }, ...calls]);
        const later = estimate.expectedMs(now + pause, 0);
        expect(later).toBeLessThanOrEqual(estimate.expectedMs(now, 0));
        expect(later).toBeGreaterThanOrEqual(0);
        expect(estimate.expectedMs(now + 600_000, 0)).toBeLessThan(1e-9);
      }),
    );
  });

  it('falls to what calls take now, after a peak, but not at once', () => {
    const peak = estimateOf([{ pause: 0, took: 500, outcome: 'success' }]);
    const calls = (count: number): History =>
      Array.from({ length: count }, () => ({ pause: 90, took: 10, outcome: 'success' }));
    const soon = estimateOf([{ pause: 0, took: 500, outcome: 'success' }, ...calls(10)]);
    const late = estimateOf([{ pause: 0, took: 500, outcome: 'success' }, ...calls(1_000)]);
    expect(peak.estimate.expectedMs(peak.now, 0)).toBe(500);
    expect(soon.estimate.expectedMs(soon.now, 0)).toBeGreaterThan(400);
    expect(late.estimate.expectedMs(late.now, 0)).toBeCloseTo(10, 0);
  });

  it('is never lowered by a failure, however fast it came', () => {
    fc.assert(
      fc.property(history, ms, (calls, took) => {
        const before = estimateOf(calls);
        const expected = before.estimate.expectedMs(before.now + took, 0);
        const failed = estimateOf([...calls, { pause: 0, took, outcome: 'failure' }]);
        expect(failed.estimate.expectedMs(failed.now, 0)).toBeGreaterThanOrEqual(expected * (1 - 1e-9));
      }),
    );
  });

  it('grows with the share of failures, once they are more than stray ones', () => {
    const with_ = (failures: number) => {
      const calls = Array.from({ length: 100 }, (_, index) => ({
        pause: 0,
        took: 10,
        outcome: index % 10 < failures ? ('failure' as const) : ('success' as const),
      }));
      const { estimate, now } = estimateOf(calls.toReversed());
      return estimate.expectedMs(now, 0);
    };
    expect(with_(1)).toBeCloseTo(10, 5);
    expect(with_(5)).toBeGreaterThan(30);
    expect(with_(9)).toBeGreaterThan(with_(5) * 2);
  });

  it('rises with silence while something is in flight, up to ten times the typical latency', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1_000, noNaN: true }), ms, (took, silence) => {
        const { estimate, now } = estimateOf([{ pause: 0, took, outcome: 'success' }]);
        estimate.started(now);
        const least = Math.min(silence, took * 10);
        expect(estimate.expectedMs(now + silence, 0)).toBeGreaterThanOrEqual(least * (1 - 1e-9));
        expect(estimate.expectedMs(now + silence, 0)).toBeLessThanOrEqual(Math.max(took, least) * (1 + 1e-9));
      }),
    );
  });

  it('takes an instance of which nothing is known to need what is assumed', () => {
    const { estimate, now } = estimateOf([{ pause: 0, took: 3, outcome: 'ignored' }]);
    expect(estimate.known).toBe(false);
    expect(estimate.expectedMs(now, 70)).toBe(70);
  });
});
