import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../services/policy/candidate.ts';
import { costMs } from '../../services/policy/candidate.ts';
import { LatencyEstimate } from '../../services/policy/latency-estimate.ts';
import { PowerOfTwo } from '../../services/policy/power-of-two.ts';
import { seededRandom } from './simulation.ts';

const NOW = 100_000;

interface Known extends Candidate {
  barred: boolean;
}

/** An instance whose calls took so long; nothing is known of it where they took 0. */
function candidate({ tookMs = 10, inFlight = 0, limit = 0, ageMs = NOW, barred = false }): Known {
  const latency = new LatencyEstimate();
  if (tookMs > 0) {
    latency.started(NOW - tookMs);
    latency.ended('success', tookMs, NOW);
  }
  return { inFlight, limit, joinedAt: NOW - ageMs, latency, hash: 0, barred };
}

const bar = ({ barred }: Known) => (barred ? ('EJECTED' as const) : undefined);
const isOpen = ({ barred, limit, inFlight }: Known) => !barred && (limit === 0 || inFlight < limit);

const candidates = fc.array(
  fc
    .record({
      tookMs: fc.integer({ min: 0, max: 500 }),
      inFlight: fc.nat(5),
      limit: fc.nat(5),
      ageMs: fc.nat(10_000),
      barred: fc.boolean(),
    })
    .map(candidate),
  { maxLength: 8 },
);

/** How often each is chosen of so many times. */
function tally(all: readonly Known[], times: number): number[] {
  const balancer = new PowerOfTwo(seededRandom());
  const counts = all.map(() => 0);
  for (let time = 0; time < times; time++) counts[all.indexOf(balancer.pick(all, NOW, bar)!)]!++;
  return counts;
}

describe('the power of two choices', () => {
  it('chooses one that is neither barred nor at capacity, wherever there is one', () => {
    fc.assert(
      fc.property(candidates, fc.integer(), (all, seed) => {
        const picked = new PowerOfTwo(seededRandom(seed)).pick(all, NOW, bar);
        if (picked) expect(isOpen(picked)).toBe(true);
        else expect(all.filter(isOpen)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('never chooses the dearest of several that may be chosen', () => {
    fc.assert(
      fc.property(candidates, fc.integer(), (all, seed) => {
        const open = all
          .filter(isOpen)
          .filter(({ latency, joinedAt }) => latency.known && joinedAt <= NOW - 5_000);
        const costs = open.map((one) => costMs(one, NOW, 1));
        const picked = new PowerOfTwo(seededRandom(seed)).pick(open, NOW);
        const dearest = Math.max(...costs);
        if (picked && costs.filter((cost) => cost === dearest).length === 1 && open.length > 1) {
          expect(costMs(picked, NOW, 1)).toBeLessThan(dearest);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('chooses all of those that cost the same alike, with barred ones between them too', () => {
    const all = [{}, { barred: true }, {}, {}, { limit: 2, inFlight: 2 }, {}].map(candidate);
    const [a, , c, d, , f] = tally(all, 40_000);
    for (const count of [a, c, d, f]) expect(count).toBeGreaterThan(9_500);
    expect(a! + c! + d! + f!).toBe(40_000);
  });

  it('takes the one that has less in flight where latencies are the same or unknown', () => {
    expect(tally([{ inFlight: 3 }, { inFlight: 2 }].map(candidate), 100)).toEqual([0, 100]);
    const unknown = { tookMs: 0 };
    expect(tally([{ inFlight: 1 }, { ...unknown }].map(candidate), 100)).toEqual([0, 100]);
    expect(tally([{}, { ...unknown, inFlight: 1 }].map(candidate), 100)).toEqual([100, 0]);
  });

  it.each([
    { ageMs: 0, share: 0.1 / 2 },
    { ageMs: 2_500, share: 0.5 / 2 },
    { ageMs: 5_000, share: 1 / 2 },
  ])('gives an instance of $ageMs ms of age $share of what comes', ({ ageMs, share }) => {
    const [fresh] = tally([{ ageMs }, {}].map(candidate), 40_000);
    expect(fresh! / 40_000).toBeCloseTo(share, 2);
  });

  it('prefers a new instance all the same to one that is far slower', () => {
    expect(tally([{ ageMs: 0, tookMs: 10 }, { tookMs: 500 }].map(candidate), 1_000)).toEqual([1_000, 0]);
  });
});
