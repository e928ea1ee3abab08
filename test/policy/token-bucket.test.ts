import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../services/policy/token-bucket.ts';

describe('a token bucket', () => {
  it('lets through, in any span, no more than its burst and what was added in that time', () => {
    const steps = fc.array(fc.record({ pause: fc.nat(500), tokens: fc.integer({ min: 1, max: 8 }) }));
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 20 }), steps, (perSecond, burst, steps) => {
        const bucket = new TokenBucket({ perSecond, burst });
        const taken: { at: number; tokens: number }[] = [];
        let now = 0;
        for (const { pause, tokens } of steps) {
          now += pause;
          if (bucket.take(now, tokens)) taken.push({ at: now, tokens });
        }
        for (const [first, { at: from }] of taken.entries()) {
          let sum = 0;
          for (const { at, tokens } of taken.slice(first)) {
            sum += tokens;
            expect(sum).toBeLessThanOrEqual(burst + ((at - from) * perSecond) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });

  it('lets through again after as long as it said, and not before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 20 }),
        (perSecond, tokens) => {
          const bucket = new TokenBucket({ perSecond, burst: 20 });
          expect(bucket.waitMs(0, tokens)).toBe(0);
          expect(bucket.take(0, 20)).toBe(true);
          const waitMs = bucket.waitMs(0, tokens);
          expect(bucket.take(waitMs * 0.999, tokens)).toBe(false);
          expect(bucket.take(waitMs * 1.001, tokens)).toBe(true);
        },
      ),
    );
  });

  it('never has more than its burst', () => {
    const bucket = new TokenBucket({ perSecond: 5 });
    expect(bucket.waitMs(1e9, 6)).toBe(Number.POSITIVE_INFINITY);
    expect(bucket.take(1e9, 6)).toBe(false);
    expect(bucket.take(1e9, 5)).toBe(true);
  });

  it('does not mind a moment that lies before the last', () => {
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 10 });
    expect(bucket.waitMs(50, 10)).toBe(0);
    expect(bucket.take(40, 10)).toBe(true);
    expect(bucket.take(49)).toBe(false);
    expect(bucket.take(51)).toBe(true);
  });
});
