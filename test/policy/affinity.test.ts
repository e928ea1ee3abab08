import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickByAffinity } from '../../services/policy/affinity.ts';
import { LatencyEstimate } from '../../services/policy/latency-estimate.ts';
import { stringHash } from '../../services/policy/string-hash.ts';

const latency = new LatencyEstimate();
const instance = (id: string, { inFlight = 0, limit = 0, barred = false } = {}) => {
  return { id, hash: stringHash(id), inFlight, limit, barred, joinedAt: 0, latency };
};
type Instance = ReturnType<typeof instance>;

const bar = ({ barred }: Instance) => (barred ? ('EJECTED' as const) : undefined);
const pick = (instances: readonly Instance[], key: string) =>
  pickByAffinity(instances, stringHash(key), bar)?.id;

const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 });
const keys = fc.array(fc.string(), { minLength: 1, maxLength: 50 });

/** Instances of which some are busy, full or barred. */
const busy = fc
  .uniqueArray(fc.record({ id: fc.uuid(), inFlight: fc.nat(60), limit: fc.nat(60), barred: fc.boolean() }), {
    selector: ({ id }) => id,
    maxLength: 12,
  })
  .map((all) => all.map(({ id, ...rest }) => instance(id, rest)));

describe('affinity', () => {
  it('sends a key to the same instance, in whatever order they stand', () => {
    fc.assert(
      fc.property(ids, fc.string(), (ids, key) => {
        const instances = ids.map((id) => instance(id));
        expect(pick(instances.toReversed(), key)).toBe(pick(instances, key));
      }),
    );
  });

  it('moves only the keys of an instance that leaves, and only to one that joins', () => {
    fc.assert(
      fc.property(ids, keys, fc.nat(), (ids, keys, nth) => {
        const all = ids.map((id) => instance(id));
        const leaving = all[nth % all.length]!;
        const rest = all.filter((one) => one !== leaving);
        for (const key of keys) {
          const owner = pick(all, key);
          if (owner !== leaving.id) expect(pick(rest, key)).toBe(owner);
        }
      }),
    );
  });

  it('moves a share of all keys that is fair, and spreads keys evenly', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => instance(id));
    const five = [...four, instance('e')];
    const counts = new Map<string | undefined, number>();
    for (let key = 0; key < 10_000; key++) {
      const owner = pick(five, `key-${key}`);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    for (const { id } of five) expect(counts.get(id)! / 10_000).toBeCloseTo(1 / 5, 1);
    expect(Math.min(...counts.values())).toBeGreaterThan(1_800);
  });

  it('chooses one that may be chosen, wherever there is one, that has less than its share', () => {
    fc.assert(
      fc.property(busy, fc.string(), (instances, key) => {
        const open = instances.filter((one) => !one.barred && (one.limit === 0 || one.inFlight < one.limit));
        const chosen = open.find(({ id }) => id === pick(instances, key));
        expect(chosen === undefined).toBe(open.length === 0);
        if (!chosen) return;
        const inFlight = open.reduce((sum, one) => sum + one.inFlight, 0);
        const share = Math.max(8, Math.ceil((1.25 * (inFlight + 1)) / open.length));
        expect(chosen.inFlight).toBeLessThan(share);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a hot key from its instance once that has more than its share, and gives it back', () => {
    const instances = ['a', 'b', 'c'].map((id) => instance(id));
    const owner = instances.find(({ id }) => id === pick(instances, 'hot'))!;
    for (let call = 0; call < 300; call++) {
      const id = pick(instances, 'hot');
      instances.find((one) => one.id === id)!.inFlight++;
    }
    // The share grows with the mean, 100, as the calls come.
    expect(Math.max(...instances.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(126);
    for (const one of instances) one.inFlight = 0;
    expect(pick(instances, 'hot')).toBe(owner.id);
  });
});
