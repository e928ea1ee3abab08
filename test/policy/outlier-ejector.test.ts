import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Health } from '../../services/policy/health.ts';
import type { Outcome } from '../../services/policy/outcome.ts';
import { OutlierEjector } from '../../services/policy/outlier-ejector.ts';

/** An ejector with so many instances, named 0, 1, 2 … */
function ejectorOf(count: number): { ejector: OutlierEjector<number>; all: Health<number>[] } {
  const ejector = new OutlierEjector<number>();
  return { ejector, all: Array.from({ length: count }, (_, name) => ejector.join(name)) };
}

/** Notes as many outcomes of calls that took no time. */
function note(ejector: OutlierEjector<number>, health: Health<number>, outcomes: Outcome[], now: number) {
  return outcomes.map((outcome) => ejector.note(health, outcome, now, now));
}

const FIVE_FAILURES: Outcome[] = Array.from({ length: 5 }, () => 'failure');

const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), nth: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('probe' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('note' as const),
      nth: fc.nat(9),
      outcome: fc.constantFrom<Outcome>('failure', 'failure', 'success', 'ignored'),
      times: fc.integer({ min: 1, max: 6 }),
      tookMs: fc.nat(2_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(5_000) }) },
);

describe('an outlier ejector', () => {
  it('never has more than half of the instances out, and none once more are ill', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const ejector = new OutlierEjector<number>();
        const members: Health<number>[] = [];
        let now = 0;
        for (const [name, step] of steps.entries()) {
          const health = 'nth' in step ? members[step.nth % members.length] : undefined;
          if (step.do === 'join') members.push(ejector.join(name));
          else if (step.do === 'pass') now += step.ms;
          else if (step.do === 'probe') {
            const instance = ejector.probe(now);
            const probed = members.find((one) => one.instance === instance);
            if (instance !== undefined) expect(ejector.isEjected(probed!)).toBe(true);
          } else if (health && step.do === 'note') {
            for (let time = 0; time < step.times; time++) {
              const wasIll = health.ill;
              const change = ejector.note(health, step.outcome, now - step.tookMs, now);
              if (change === 'RETURNED') expect([wasIll, health.ill]).toEqual([true, false]);
              if (change === 'EJECTED') expect(health.ill).toBe(true);
              if (!change) expect(health.ill).toBe(wasIll);
            }
          } else if (health) {
            ejector.leave(health);
            members.splice(members.indexOf(health), 1);
          }
          const ill = members.filter((one) => one.ill).length;
          const out = members.filter((one) => ejector.isEjected(one)).length;
          expect(out).toBe(ill * 2 > members.length ? 0 : ill);
          expect(ejector.panicking).toBe(ill * 2 > members.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { count: 1, out: [0, 0] },
    { count: 2, out: [1, 0] },
    { count: 3, out: [1, 0] },
    { count: 4, out: [1, 2] },
  ])('of $count instances has $out out when one, then two fail', ({ count, out }) => {
    const { ejector, all } = ejectorOf(count);
    const counted = all.slice(0, 2).map((health) => {
      note(ejector, health, FIVE_FAILURES, 0);
      return all.filter((one) => ejector.isEjected(one)).length;
    });
    expect([...counted, counted.at(-1)].slice(0, 2)).toEqual(out);
  });

  it('ejects after five failures in a row, not after four, whatever is ignored between them', () => {
    const ejector = new OutlierEjector<number>({ failureShare: 1 });
    const [health] = [ejector.join(0), ejector.join(1)];
    const four = FIVE_FAILURES.slice(1);
    expect(note(ejector, health!, [...four, 'success', ...four, 'ignored'], 0).filter(Boolean)).toEqual([]);
    expect(note(ejector, health!, ['failure'], 0)).toEqual(['EJECTED']);
  });

  it('ejects nobody for a share of failures that all have', () => {
    const { ejector, all } = ejectorOf(3);
    const half: Outcome[] = ['failure', 'success'];
    for (let now = 0; now < 20_000; now += 50) {
      for (const health of all) expect(note(ejector, health, half, now).filter(Boolean)).toEqual([]);
    }
  });

  it('sends one probe when its time is over, and takes back the instance where that succeeds', () => {
    const { ejector, all } = ejectorOf(3);
    note(ejector, all[1]!, FIVE_FAILURES, 100);
    expect(ejector.nextProbeAt).toBe(1_100);
    expect(ejector.probe(1_099)).toBeUndefined();
    expect([ejector.probe(1_100), ejector.probe(1_100)]).toEqual([1, undefined]);
    // A call that was sent to it before it was ejected ends only now: it tells nothing of today.
    expect(ejector.note(all[1]!, 'success', 90, 1_150)).toBeUndefined();
    expect(ejector.note(all[1]!, 'success', 1_100, 1_200)).toBe('RETURNED');
    expect(ejector.isEjected(all[1]!)).toBe(false);
    expect(ejector.nextProbeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('sends another probe when one was withdrawn, or its end was not told', () => {
    const { ejector, all } = ejectorOf(3);
    note(ejector, all[1]!, FIVE_FAILURES, 0);
    expect(ejector.probe(1_000)).toBe(1);
    ejector.note(all[1]!, 'ignored', 1_000, 1_010);
    expect([ejector.probe(1_010), ejector.probe(6_009), ejector.probe(6_010)]).toEqual([1, undefined, 1]);
  });

  it('ejects for longer each time, up to half a minute, and forgets it in good health', () => {
    const { ejector, all } = ejectorOf(2);
    const [health] = all;
    let now = 0;
    note(ejector, health!, FIVE_FAILURES, now);
    for (let times = 1; times < 40; times++) {
      expect(health!.dueAt - now).toBe(Math.min(30_000, times * 1_000));
      now = health!.dueAt;
      expect(ejector.note(health!, 'failure', now, now)).toBe('EJECTED');
    }
    now = health!.dueAt;
    ejector.note(health!, 'success', now, now);
    now += 375_000;
    note(ejector, health!, FIVE_FAILURES, now);
    // 40 ejections, 37 of them forgotten, and this one.
    expect(health!.dueAt - now).toBe(4_000);
  });

  it('lets the instances that are ill come back one by one in panic mode, too', () => {
    const { ejector, all } = ejectorOf(3);
    for (const health of all) note(ejector, health, FIVE_FAILURES, 0);
    expect(ejector.panicking).toBe(true);
    expect(ejector.probe(5_000)).toBeUndefined();
    expect(ejector.note(all[0]!, 'success', 2_000, 2_010)).toBe('RETURNED');
    expect(ejector.note(all[1]!, 'success', 2_000, 2_010)).toBe('RETURNED');
    expect([ejector.panicking, ejector.isEjected(all[2]!)]).toEqual([false, true]);
    expect(ejector.probe(2_010)).toBe(2);
  });

  it('takes an instance back whose probe fails, once the others fail as often', () => {
    const { ejector, all } = ejectorOf(3);
    note(ejector, all[0]!, FIVE_FAILURES, 0);
    expect(ejector.note(all[0]!, 'failure', 1_000, 1_000)).toBe('EJECTED');
    // The others by turns, so that neither stands out.
    for (let time = 0; time < 4; time++) {
      for (const other of all.slice(1)) expect(note(ejector, other, ['failure'], 2_000)).toEqual([undefined]);
    }
    expect(ejector.note(all[0]!, 'failure', 3_000, 3_000)).toBe('RETURNED');
  });

  it('does not heed an instance that has left', () => {
    const { ejector, all } = ejectorOf(3);
    note(ejector, all[0]!, FIVE_FAILURES, 0);
    ejector.leave(all[0]!);
    ejector.leave(all[0]!);
    expect(note(ejector, all[0]!, ['success', 'failure'], 5_000)).toEqual([undefined, undefined]);
    expect(ejector.probe(5_000)).toBeUndefined();
    note(ejector, all[1]!, FIVE_FAILURES, 5_000);
    expect(ejector.isEjected(all[1]!)).toBe(true);
  });
});
