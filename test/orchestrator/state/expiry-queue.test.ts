import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExpiryQueue } from '../../../services/orchestrator/state/expiry-queue.ts';

it('an expiry queue gives the earliest first, whatever is removed before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ expiresAt: fc.nat(50), leaves: fc.boolean() })), (items) => {
      const queue = new ExpiryQueue<(typeof items)[number]>();
      for (const item of items) queue.add(item);
      for (const item of items) if (item.leaves) queue.remove(item);
      const order: number[] = [];
      for (let first = queue.first; first; first = queue.first) {
        order.push(first.expiresAt);
        queue.remove(first);
      }
      const stayed = items.filter((item) => !item.leaves).map((item) => item.expiresAt);
      expect(order).toEqual(stayed.sort((a, b) => a - b));
    }),
  );
});
