import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../services/policy/retry-budget.ts';
import { type FailedAttempt, RetryPolicy } from '../../services/policy/retry-policy.ts';
import { seededRandom } from './simulation.ts';

const FIRST: FailedAttempt = {
  attempt: 1,
  kind: 'transient',
  idempotent: true,
  remainingMs: 1_000,
  elsewhere: true,
};

/** A policy whose budget pays for so many retries, and whose waits are as long as they can be. */
function policy({ budget = 100 } = {}) {
  return new RetryPolicy(new RetryBudget({ ratio: 0, perSecond: budget / 10 }), () => 1);
}

describe('a retry policy', () => {
  it.each<[string, Partial<FailedAttempt>, number | string]>([
    ['at once, elsewhere, after a first attempt', {}, 0],
    ['at once, elsewhere, what was refused before any work', { kind: 'untouched', idempotent: false }, 0],
    ['never what has begun and is not idempotent', { idempotent: false }, 'NOT_IDEMPOTENT'],
    ['never what would fail again', { kind: 'final' }, 'FINAL'],
    ['after a pause where there is nobody else', { elsewhere: false }, 25],
    ['after a pause that doubles', { attempt: 2 }, 50],
    ['no more than three times', { attempt: 3 }, 'ATTEMPTS'],
    ['no sooner than it was asked to, on the same instance', { elsewhere: false, pushBackMs: 300 }, 325],
    ['at once, elsewhere, though one has asked for time', { pushBackMs: 300 }, 0],
    ['not after the deadline', { elsewhere: false, remainingMs: 25 }, 'DEADLINE'],
    ['not when time is up', { remainingMs: 0 }, 'DEADLINE'],
  ])('tries again %s', (_, failed, answer) => {
    expect(policy().after({ ...FIRST, ...failed }, 0)).toBe(answer);
  });

  it('gives up when the budget is spent, and takes from it only what is tried', () => {
    const retries = policy({ budget: 2 });
    for (const kind of ['final', 'untouched', 'transient'] as const) {
      retries.after({ ...FIRST, kind, attempt: kind === 'final' ? 1 : 3 }, 0);
    }
    expect([1, 2, 3].map(() => retries.after(FIRST, 0))).toEqual([0, 0, 'BUDGET']);
  });

  it('never waits beyond the deadline, and never asks for a fourth attempt', () => {
    const failed = fc.record({
      attempt: fc.integer({ min: 1, max: 9 }),
      kind: fc.constantFrom('untouched' as const, 'transient' as const, 'final' as const),
      idempotent: fc.boolean(),
      remainingMs: fc.nat(2_000),
      elsewhere: fc.boolean(),
      pushBackMs: fc.nat(3_000),
    });
    fc.assert(
      fc.property(failed, fc.integer(), (failed, seed) => {
        const answer = new RetryPolicy(new RetryBudget(), seededRandom(seed)).after(failed, 0);
        if (typeof answer === 'string') return;
        expect(answer).toBeGreaterThanOrEqual(0);
        expect(answer).toBeLessThan(failed.remainingMs);
        expect(failed.attempt).toBeLessThan(3);
      }),
    );
  });
});
