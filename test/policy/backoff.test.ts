import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../services/policy/backoff.ts';
import { Reconnect } from '../../services/policy/reconnect.ts';
import { seededRandom } from './simulation.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('waits up to twice as long after every failure, never longer than the cap, never less than asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), chance, fc.nat(10_000), (failed, r, pushBackMs) => {
        const waitMs = backoffMs(failed, () => r, {}, pushBackMs);
        expect(waitMs).toBe(pushBackMs + r * Math.min(250, 25 * 2 ** (failed - 1)));
      }),
    );
  });

  it('spreads those that failed together over the whole time', () => {
    const random = seededRandom();
    const waits = Array.from({ length: 10_000 }, () => backoffMs(2, random));
    for (let tenth = 0; tenth < 10; tenth++) {
      const within = waits.filter((wait) => wait >= tenth * 5 && wait < (tenth + 1) * 5);
      expect(within.length).toBeGreaterThan(850);
    }
  });
});

describe('reconnecting', () => {
  it('waits twice as long after every failure, up to a limit, a fifth more or less', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const reconnect = new Reconnect(seededRandom(seed));
        for (const waitMs of [100, 200, 400, 800, 1_000, 1_000]) {
          const waited = reconnect.lost(0);
          expect(waited).toBeGreaterThanOrEqual(waitMs * 0.8);
          expect(waited).toBeLessThan(waitMs * 1.2);
        }
      }),
    );
  });

  it('begins anew after a connection that lasted, not after one that was dropped at once', () => {
    const reconnect = new Reconnect(() => 0.5);
    expect([reconnect.lost(0), reconnect.lost(100)]).toEqual([100, 200]);
    reconnect.connected(300);
    expect(reconnect.lost(1_299)).toBe(400);
    reconnect.connected(2_000);
    expect(reconnect.lost(3_000)).toBe(100);
    // What was connected once does not count for the next loss.
    expect(reconnect.lost(9_000)).toBe(200);
  });
});
