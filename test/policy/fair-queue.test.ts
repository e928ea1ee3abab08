import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue, type Ticket } from '../../services/policy/fair-queue.ts';

/** The simplest queue that is fair: a list of callers in the order of their turns, each with its items. */
class Model {
  lanes: { caller: string; items: number[] }[] = [];

  push(item: number, caller: string): void {
    const lane = this.lanes.find((one) => one.caller === caller);
    if (lane) lane.items.push(item);
    else this.lanes.push({ caller, items: [item] });
  }

  shift(): number | undefined {
    const lane = this.lanes.shift();
    const item = lane?.items.shift();
    if (lane && lane.items.length > 0) this.lanes.push(lane);
    return item;
  }

  remove(item: number): boolean {
    const lane = this.lanes.find(({ items }) => items.includes(item));
    if (!lane) return false;
    lane.items.splice(lane.items.indexOf(item), 1);
    this.lanes = this.lanes.filter(({ items }) => items.length > 0);
    return true;
  }
}

const caller = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), caller }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), nth: fc.nat(60) }) },
);

describe('a fair queue', () => {
  it('does what the simplest fair queue does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new FairQueue<number>();
        const model = new Model();
        const tickets: Ticket<number>[] = [];
        for (const step of steps) {
          if (step.do === 'push') {
            model.push(tickets.length, step.caller);
            tickets.push(queue.push(tickets.length, step.caller, 0, 0));
          } else if (step.do === 'shift') {
            expect(queue.shift()?.item).toBe(model.shift());
          } else {
            const item = step.nth % (tickets.length + 1);
            if (tickets[item]) expect(queue.remove(tickets[item])).toBe(model.remove(item));
          }
          expect(queue.callers).toBe(model.lanes.length);
          expect(queue.size).toBe(model.lanes.reduce((sum, { items }) => sum + items.length, 0));
          for (const { caller, items } of model.lanes) expect(queue.waiting(caller)).toBe(items.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives every caller that waits one turn in each round, however much the others have', () => {
    const queue = new FairQueue<string>();
    for (let item = 0; item < 1_000; item++) queue.push(`greedy ${item}`, 'greedy', 0, 0);
    for (let item = 0; item < 3; item++) queue.push(`modest ${item}`, 'modest', 0, 0);
    const first = Array.from({ length: 6 }, () => queue.shift()!.item);
    expect(first).toEqual(['greedy 0', 'modest 0', 'greedy 1', 'modest 1', 'greedy 2', 'modest 2']);
  });

  it('makes room by taking the newest of whoever has most, but not for one that would then have more', () => {
    const queue = new FairQueue<string>();
    for (const item of ['1', '2', '3']) queue.push(`greedy ${item}`, 'greedy', 0, 0);
    queue.push('modest 1', 'modest', 0, 0);
    expect(queue.displace('greedy')).toBeUndefined();
    expect(queue.displace('modest')?.item).toBe('greedy 3');
    expect(queue.displace('modest')).toBeUndefined();
    expect(queue.displace('new')?.item).toBe('greedy 2');
    expect(queue.displace('new')).toBeUndefined();
    expect(queue.size).toBe(2);
  });
});
