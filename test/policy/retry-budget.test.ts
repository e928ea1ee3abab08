import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../services/policy/retry-budget.ts';
import { Simulation } from './simulation.ts';

/** Moments a few ms to some seconds apart, at each a call or an attempt to retry. */
const steps = fc.array(
  fc.record({
    pause: fc.oneof(fc.nat(20), fc.nat(3_000), fc.constant(15_000)),
    times: fc.integer({ min: 1, max: 120 }),
    retry: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe('a retry budget', () => {
  it('allows, in any 10 s, a fifth of the calls and ten for each second', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const budget = new RetryBudget();
        const calls: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const { pause, times, retry } of steps) {
          now += pause;
          for (let time = 0; time < times; time++) {
            if (!retry) {
              budget.deposit(now);
              calls.push(now);
            } else if (budget.withdraw(now)) retries.push(now);
          }
          const of = (moments: number[]) => moments.filter((at) => at > now - 10_000).length;
          expect(of(retries)).toBeLessThanOrEqual(0.2 * of(calls) + 100);
        }
      }),
    );
  });

  it('is refilled after 11 s, whatever was taken from it', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const budget = new RetryBudget();
        let now = 0;
        for (const { pause, times, retry } of steps) {
          now += pause;
          for (let time = 0; time < times; time++) retry ? budget.withdraw(now) : budget.deposit(now);
        }
        now += 11_000;
        for (let time = 0; time < 100; time++) expect(budget.withdraw(now)).toBe(true);
        expect(budget.withdraw(now)).toBe(false);
      }),
    );
  });

  it.each([{ perSecond: 1 }, { perSecond: 40 }, { perSecond: 2_000 }])(
    'bounds the load on a dependency that is gone for 60 s, at $perSecond calls/s',
    ({ perSecond }) => {
      const simulation = new Simulation();
      const budget = new RetryBudget();
      let calls = 0;
      let retries = 0;
      const attempt = (number: number) => {
        if (simulation.now >= 10_000 && number > 1) retries++;
        // It is gone from second 10 to second 70: every attempt fails, and as many follow as the budget pays for.
        if (simulation.now < 10_000 || number === 3) return;
        if (budget.withdraw(simulation.now)) simulation.after(25, () => attempt(number + 1));
      };
      simulation.steady(perSecond, 70_000, () => {
        budget.deposit(simulation.now);
        if (simulation.now >= 10_000) calls++;
        attempt(1);
      });
      simulation.run(70_000);
      expect(retries).toBeLessThanOrEqual(0.2 * calls + 10 * 60);
      if (perSecond > 10) expect(retries).toBeGreaterThan(0.15 * calls);
    },
  );
});
