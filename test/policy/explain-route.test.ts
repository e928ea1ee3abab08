import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Choice, explainRoute } from '../../services/policy/explain-route.ts';
import { LatencyEstimate } from '../../services/policy/latency-estimate.ts';
import type { Bar } from '../../services/policy/not-chosen.ts';
import { PowerOfTwo } from '../../services/policy/power-of-two.ts';
import { seededRandom } from './simulation.ts';

const NOW = 100_000;

function instance({ tookMs = 10, inFlight = 0, limit = 0, ageMs = NOW, barred = '' as Bar | '' } = {}) {
  const latency = new LatencyEstimate();
  if (tookMs > 0) {
    latency.started(NOW - tookMs);
    latency.ended('success', tookMs, NOW);
  }
  return { inFlight, limit, joinedAt: NOW - ageMs, latency, hash: 0, barred };
}
type Instance = ReturnType<typeof instance>;

const bar = ({ barred }: Instance) => barred || undefined;
const explain = (all: readonly Instance[], choice: Partial<Choice<Instance>>) =>
  explainRoute(all, NOW, { chosen: all[0], bar, ...choice });

describe('the explanation of a route', () => {
  it.each([
    { other: { barred: 'DRAINING' as const }, reason: 'DRAINING' },
    { other: { barred: 'EJECTED' as const, limit: 1, inFlight: 1 }, reason: 'EJECTED' },
    { other: { limit: 1, inFlight: 1 }, reason: 'AT_CAPACITY' },
    { other: { tookMs: 11 }, reason: 'HIGHER_COST' },
    { other: { inFlight: 1 }, reason: 'HIGHER_COST' },
    { other: { ageMs: 100 }, reason: 'SLOW_START' },
    { other: { tookMs: 9 }, reason: 'NOT_DRAWN' },
  ])('says $reason of an instance with $other', ({ other, reason }) => {
    const [chosen, left] = explain([instance(), instance(other)], {});
    expect(chosen).toMatchObject({ scoreMs: 10, notChosen: undefined });
    expect(left).toMatchObject({ notChosen: reason });
  });

  it('says AFFINITY of all but the one that the key belongs to, unless they could not be chosen at all', () => {
    const all = [instance(), instance({ tookMs: 1 }), instance({ barred: 'OFFLINE' })];
    const reasons = explain(all, { byAffinity: true }).map(({ notChosen }) => notChosen);
    expect(reasons).toEqual([undefined, 'AFFINITY', 'OFFLINE']);
  });

  it('takes an instance without history to be as quick as the others', () => {
    const all = [instance({ tookMs: 10 }), instance({ tookMs: 30 }), instance({ tookMs: 0, inFlight: 1 })];
    expect(explain(all, {}).map(({ scoreMs }) => scoreMs)).toEqual([10, 30, 40]);
  });

  it('has a reason for every instance but the one that was chosen', () => {
    const some = fc.record({
      tookMs: fc.nat(50),
      inFlight: fc.nat(3),
      limit: fc.nat(3),
      ageMs: fc.nat(9_000),
      barred: fc.constantFrom('' as const, 'EJECTED' as const),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 6 }), fc.integer(), (some, seed) => {
        const all = some.map(instance);
        const chosen = new PowerOfTwo(seededRandom(seed)).pick(all, NOW, bar);
        for (const { candidate, notChosen, scoreMs } of explain(all, { chosen })) {
          expect(notChosen === undefined).toBe(candidate === chosen);
          expect(scoreMs).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
