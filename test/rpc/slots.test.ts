import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots } from '../../services/rpc/slots.ts';

describe('Slots', () => {
  it('hold what came and has not gone, and use no more of them than were in use at once', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(), { freq: 2 })), (steps) => {
        const slots = new Slots<{ n: number }>();
        const held = new Map<number, { n: number }>();
        let most = 0;
        steps.forEach((leaving, n) => {
          const numbers = [...held.keys()];
          const slot = leaving === null ? undefined : numbers[leaving % numbers.length];
          if (slot === undefined) {
            const value = { n };
            const number = slots.add(value);
            expect(held.has(number)).toBe(false);
            held.set(number, value);
          } else {
            slots.delete(slot);
            held.delete(slot);
          }
          most = Math.max(most, held.size);
        });
        expect(slots.size).toBe(held.size);
        expect(new Set(slots.values())).toEqual(new Set(held.values()));
        for (const [number, value] of held) {
          expect(slots.get(number)).toBe(value);
          expect(number).toBeLessThan(most);
        }
      }),
    );
  });
});
