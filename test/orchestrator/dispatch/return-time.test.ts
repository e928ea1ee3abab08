import { expect, it } from 'vitest';
import { ReturnTime } from '../../../services/orchestrator/dispatch/return-time.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';

it('A task that waits for an instance to come back looks every 50 ms, and for the last time at its deadline', () => {
  expect(new ReturnTime().nextLookMs(Deadline.never)).toBe(50);
  expect(new ReturnTime().nextLookMs(Deadline.after(20))).toBeLessThanOrEqual(20);
  expect(new ReturnTime().nextLookMs(Deadline.after(0))).toBeUndefined();
});
