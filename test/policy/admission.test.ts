import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission, type Refusal } from '../../services/policy/admission.ts';
import type { Ticket } from '../../services/policy/fair-queue.ts';

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      caller: fc.constantFrom('a', 'b', 'c'),
      ttlMs: fc.integer({ min: 1, max: 2_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), serviceMs: fc.option(fc.nat(300)) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), nth: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(300) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('limit' as const), limit: fc.integer({ min: 1, max: 6 }) }),
  },
);

/** An admission with something running, of which one task takes 20 ms. */
function busy({ limit = 1, maxWaiting = 1_000 } = {}) {
  const refused: [string, Refusal][] = [];
  const admission = new Admission<string>({
    limit,
    maxWaiting,
    refuse: (item, refusal) => refused.push([item, refusal]),
  });
  admission.enter();
  admission.ended(20);
  for (let running = 0; running < limit; running++) admission.enter();
  return { admission, refused };
}

describe('admission', () => {
  it('runs no more than the limit, and loses no task: each runs, waits, is refused or withdrawn', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const fates = new Map<number, string>();
        const tickets: Ticket<number>[] = [];
        let limit = 3;
        const admission = new Admission<number>({
          limit,
          maxWaiting: 5,
          refuse: (item) => {
            expect(fates.get(item)).toBe('waits');
            fates.set(item, 'refused');
          },
        });
        let now = 0;
        for (const [item, step] of steps.entries()) {
          if (step.do === 'arrive') {
            if (admission.enter()) fates.set(item, 'runs');
            else {
              const verdict = admission.wait(item, step.caller, now + step.ttlMs, now);
              fates.set(item, typeof verdict === 'string' ? 'refused' : 'waits');
              if (typeof verdict !== 'string') tickets.push(verdict);
            }
          } else if (step.do === 'withdraw') {
            const ticket = tickets[step.nth % (tickets.length + 1)];
            if (ticket) {
              expect(admission.withdraw(ticket, now)).toBe(fates.get(ticket.item) === 'waits');
              if (fates.get(ticket.item) === 'waits') fates.set(ticket.item, 'withdrawn');
            }
          } else if (step.do === 'end' && admission.running > 0) {
            admission.ended(step.serviceMs ?? undefined);
          } else if (step.do === 'pass') now += step.ms;
          else if (step.do === 'limit') {
            limit = step.limit;
            admission.limit = limit;
          }
          for (;;) {
            const next = admission.next(now);
            if (next === undefined) break;
            expect(fates.get(next)).toBe('waits');
            expect(admission.running).toBeLessThanOrEqual(limit);
            fates.set(next, 'runs');
          }
          const waiting = [...fates.values()].filter((fate) => fate === 'waits').length;
          expect(admission.waiting).toBe(waiting);
          expect(waiting).toBeLessThanOrEqual(5);
          // Nothing waits while there is room.
          if (waiting > 0) expect(admission.running).toBeGreaterThanOrEqual(limit);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses at once what could not end in time, given what is ahead of it', () => {
    const { admission } = busy();
    expect(admission.wait('too late', 'a', 39, 0)).toBe('TOO_LATE');
    expect(admission.wait('in time', 'a', 40, 0)).toMatchObject({ item: 'in time' });
    expect(admission.wait('behind it, too late', 'a', 59, 0)).toBe('TOO_LATE');
    // Another caller's turn comes before the second one of the first.
    expect(admission.wait('other', 'b', 60, 0)).toMatchObject({ item: 'other' });
  });

  it('refuses on the way what has become too late', () => {
    const { admission, refused } = busy();
    admission.wait('too late by then', 'a', 45, 0);
    admission.wait('in time', 'a', 200, 0);
    admission.ended(20);
    expect(admission.next(30)).toBe('in time');
    expect(refused).toEqual([['too late by then', 'TOO_LATE']]);
  });

  it('lets a task in where there is room, however long others took: it learns that they do not any more', () => {
    const { admission } = busy();
    admission.ended(60_000);
    expect(admission.wait('a', 'a', 1_000, 0)).toBe('TOO_LATE');
    expect(admission.enter()).toBe(true);
  });

  it('takes in a burst, but keeps a queue that does not empty as short as one task takes', () => {
    const { admission, refused } = busy({ limit: 2 });
    const wait = (now: number) => admission.wait('task', 'a', 10_000, now);
    for (let task = 0; task < 100; task++) expect(wait(0)).toMatchObject({ item: 'task' });
    expect(admission.retryAfterMs(() => 0)).toBe(1_010);
    expect(admission.retryAfterMs(() => 1)).toBe(1_212);
    // 100 ms later there is still something waiting.
    expect(wait(99)).toMatchObject({ item: 'task' });
    expect(wait(100)).toBe('FULL');
    admission.ended(20);
    // All but the last have waited longer than the 20 ms that a task takes, by now and by 125.
    expect(admission.next(110)).toBe('task');
    expect(refused.length).toBe(100);
    expect(wait(110)).toMatchObject({ item: 'task' });
    expect(wait(110)).toMatchObject({ item: 'task' });
    expect(wait(110)).toBe('FULL');
  });

  it('lets nobody overtake what waits', () => {
    const { admission } = busy();
    admission.wait('first', 'a', 1_000, 0);
    admission.ended(20);
    expect(admission.enter()).toBe(false);
    expect(admission.next(0)).toBe('first');
  });

  it('counts the time in which nothing waits from when the last one was withdrawn', () => {
    const { admission } = busy();
    const ticket = admission.wait('task', 'a', 10_000, 0);
    admission.wait('refused', 'a', 10_000, 100);
    if (typeof ticket !== 'string') expect(admission.withdraw(ticket, 150)).toBe(true);
    const wait = (now: number) => typeof admission.wait('task', 'a', 10_000, now);
    expect([wait(249), wait(249)]).toEqual(['object', 'string']);
  });

  it('takes in a burst again once nothing has waited for a while', () => {
    const { admission } = busy({ limit: 2 });
    const wait = (now: number) => admission.wait('task', 'a', 10_000, now);
    wait(0);
    expect([wait(100), wait(100)].map((verdict) => typeof verdict)).toEqual(['object', 'string']);
    for (let done = 0; done < 2; done++) {
      admission.ended(20);
      admission.next(110);
    }
    expect(admission.waiting).toBe(0);
    expect([150, 150, 150].map((now) => typeof wait(now))).toEqual(['object', 'object', 'string']);
    for (let done = 0; done < 2; done++) {
      admission.ended(20);
      admission.next(160);
    }
    expect([260, 260, 260].map((now) => typeof wait(now))).toEqual(['object', 'object', 'object']);
  });

  it('makes room in a full queue for a caller with less than its share, at the cost of who has most', () => {
    const { admission, refused } = busy({ maxWaiting: 4 });
    for (const item of ['1', '2', '3', '4']) admission.wait(`greedy ${item}`, 'greedy', 10_000, 0);
    expect(admission.wait('greedy 5', 'greedy', 10_000, 0)).toBe('FULL');
    expect(admission.wait('modest 1', 'modest', 10_000, 0)).toMatchObject({ caller: 'modest' });
    expect(refused).toEqual([['greedy 4', 'FULL']]);
  });

  it('lets a queue stand as long as those take with whom it shares its room', () => {
    const { admission, refused } = busy();
    admission.sharedMs = 300;
    for (let task = 0; task < 3; task++) admission.wait('task', 'a', 10_000, 0);
    admission.ended(20);
    expect(admission.next(1_499)).toBe('task');
    admission.ended(20);
    expect(admission.next(1_500)).toBe(undefined);
    expect(refused).toEqual(Array(2).fill(['task', 'FULL']));
  });

  it('refuses nobody for a long wait where nothing is known of how long a task takes', () => {
    const admission = new Admission<string>({ limit: 1, refuse: () => expect.unreachable() });
    admission.enter();
    admission.wait('task', 'a', 10_000, 0);
    expect(admission.wait('task', 'a', 10_000, 5_000)).toMatchObject({ item: 'task' });
    admission.ended(undefined);
    expect(admission.next(9_000)).toBe('task');
  });

  it('has no bound where it has no limit', () => {
    const admission = new Admission<string>({ limit: 0, refuse: () => {} });
    for (let task = 0; task < 100_000; task++) expect(admission.enter()).toBe(true);
    expect(admission.retryAfterMs(() => 0)).toBeUndefined();
  });
});
