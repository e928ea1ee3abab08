import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Alarm, TimerWheel } from '../../services/rpc/timer-wheel.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Something that is done with a wheel, after a pause. */
const step = fc.record({
  pauseMs: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(3000)),
  /** How far ahead an alarm is set; below zero it is late already. */
  aheadMs: fc.oneof(
    fc.double({ min: -5, max: 30, noNaN: true }),
    fc.double({ min: 0, max: 5000, noNaN: true }),
    fc.nat(200_000),
  ),
  /** Which of the alarms set so far is forgotten then, if any. */
  forget: fc.option(fc.nat(), { freq: 2 }),
});

describe('A timer wheel', () => {
  it('rings every alarm once, not before its moment and not long after, but none that was forgotten', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const wheel = new TimerWheel();
        const alarms: { alarm: Alarm; at: number; rangAt: number[]; forgotten: boolean }[] = [];
        for (const { pauseMs, aheadMs, forget } of steps) {
          vi.advanceTimersByTime(pauseMs);
          const entry = { at: performance.now() + aheadMs, rangAt: [] as number[], forgotten: false };
          const alarm = wheel.set(entry.at, () => entry.rangAt.push(performance.now()));
          alarms.push(Object.assign(entry, { alarm }));
          const other = forget === null ? undefined : alarms[forget % alarms.length]!;
          if (other?.rangAt.length === 0) {
            other.alarm.cancel();
            other.forgotten = true;
          }
          expect(wheel.size).toBe(
            alarms.filter(({ forgotten, rangAt }) => !forgotten && rangAt.length === 0).length,
          );
        }
        vi.advanceTimersByTime(200_010);
        for (const { at, rangAt, forgotten } of alarms) {
          expect(rangAt).toHaveLength(forgotten ? 0 : 1);
          if (forgotten) continue;
          expect(rangAt[0]).toBeGreaterThanOrEqual(at);
          expect(rangAt[0]! - at).toBeLessThan(7.1);
        }
        expect(wheel.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('rings what is set, and not what is forgotten, while it rings', () => {
    const wheel = new TimerWheel();
    const rang: string[] = [];
    const at = performance.now() + 10;
    wheel.set(at, () => {
      rang.push('first');
      second.cancel();
      wheel.set(at, () => rang.push('late'));
      wheel.set(at + 2000, () => rang.push('far'));
    });
    const second = wheel.set(at, () => rang.push('second'));
    vi.advanceTimersByTime(20);
    expect(rang).toEqual(['first', 'late']);
    vi.advanceTimersByTime(2000);
    expect(rang).toEqual(['first', 'late', 'far']);
  });

  it('goes on after an alarm that throws', () => {
    const wheel = new TimerWheel();
    const rang: string[] = [];
    wheel.set(performance.now() + 5, () => {
      throw new Error('boom');
    });
    wheel.set(performance.now() + 5, () => rang.push('next'));
    expect(() => vi.advanceTimersByTime(10)).toThrow('boom');
    vi.advanceTimersByTime(10);
    expect(rang).toEqual(['next']);
  });

  it('rings on after the process was suspended for an hour', () => {
    let now = 0;
    const wheel = new TimerWheel(() => now);
    const rang: number[] = [];
    for (const at of [5, 1500, 3_000_000, 3_700_000]) wheel.set(at, () => rang.push(at));
    now = 3_600_000;
    vi.advanceTimersToNextTimer();
    expect(rang).toEqual([5, 1500, 3_000_000]);
    now = 3_700_000;
    vi.advanceTimersToNextTimer();
    expect(rang).toEqual([5, 1500, 3_000_000, 3_700_000]);
  });

  it('keeps the process alive only as long as an alarm is set', () => {
    vi.useRealTimers();
    const timeouts = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timeouts();
    const wheel = new TimerWheel();
    const alarm = wheel.set(performance.now() + 60_000, () => {});
    expect(timeouts()).toBe(before + 1);
    alarm.cancel();
    expect(timeouts()).toBe(before);
    wheel.set(performance.now() + 120_000, () => {}).cancel();
    expect(timeouts()).toBe(before);
  });
});
