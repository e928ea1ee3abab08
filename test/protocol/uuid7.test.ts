import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuid7, uuid7Source } from '../../services/protocol/uuid7.ts';

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
}

describe('a UUIDv7', () => {
  it('has the form that RFC 9562 gives it, and the time in its first 48 bits', () => {
    const before = Date.now();
    const uuid = uuid7();
    expect(uuid).toMatch(FORM);
    expect(timeOf(uuid)).toBeGreaterThanOrEqual(before);
  });

  it('carries the example of the RFC: 2022-02-22 14:22:22 EST', () => {
    expect(uuid7Source(() => 0x017f22e279b0)()).toMatch(/^017f22e2-79b0-7/);
  });

  it('sorts after the one before, however the clock jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 2 }), (times) => {
        const clock = times.values();
        const next = uuid7Source(() => clock.next().value ?? 0);
        const made = times.map(() => next());
        expect(made.every((uuid) => FORM.test(uuid))).toBe(true);
        expect(new Set(made).size).toBe(made.length);
        expect(made.toSorted()).toEqual(made);
      }),
    );
  });

  it('runs ahead of a clock that stands still, rather than repeat itself or go back', () => {
    const next = uuid7Source(() => 1000);
    const made = Array.from({ length: 20_000 }, next);
    expect(new Set(made).size).toBe(made.length);
    expect(made.toSorted()).toEqual(made);
    expect(timeOf(made[2047]!)).toBe(1000);
    expect(timeOf(made.at(-1)!)).toBeGreaterThan(1000);
  });
});
