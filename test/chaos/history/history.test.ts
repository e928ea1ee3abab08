import { expect, it } from 'vitest';
import { troupeError } from '../../../services/protocol/reason.ts';
import { type Call, failureOf } from './call.ts';
import { History } from './history.ts';

function call(over: Partial<Call>): Call {
  const ok = { outcome: 'ok', code: '', reason: '', text: '' } as const;
  return { n: 0, start: 0, end: 1, ...ok, instance: 'a', attempt: 1, ...over };
}

const lost = { outcome: 'failed', code: 'UNAVAILABLE', reason: 'INSTANCE_LOST' } as const;
const late = { outcome: 'unknown', code: 'DEADLINE_EXCEEDED', reason: 'TASK_TIMED_OUT' } as const;

it('counts a call that timed out as unknown, apart from those that failed', () => {
  const history = new History([call({}), call(lost), call(late), call(lost)]);
  expect([history.ok.count, history.failed.count, history.unknown.count]).toEqual([1, 2, 1]);
  expect(history.failures()).toBe('2 × UNAVAILABLE / INSTANCE_LOST, 1 × DEADLINE_EXCEEDED / TASK_TIMED_OUT');
  expect(history.ok.failures()).toBe('no failures');
});

it('takes a failure for what its code and its details say', () => {
  expect(failureOf(troupeError('INSTANCE_LOST', 'it went', { instance: 'a2' }))).toEqual({
    ...lost,
    instance: 'a2',
    text: 'it went',
  });
  expect(failureOf(troupeError('TASK_TIMED_OUT', 'too late'))).toMatchObject({ ...late, instance: '' });
  expect(failureOf(new Error('odd'))).toMatchObject({ outcome: 'failed', code: 'UNKNOWN', reason: '' });
});

it('tells the latency that a share of its calls did not pass', () => {
  const history = new History(Array.from({ length: 100 }, (_, n) => call({ start: 10, end: 11 + n })));
  expect(history.latencyMs(0.5)).toBe(51);
  expect(history.latencyMs(0.99)).toBe(100);
  expect(history.latencyMs(1)).toBe(100);
  expect(new History([]).latencyMs(0.99)).toBeNaN();
});

it('tells the share of an instance, and the calls that were made within a span', () => {
  const calls = [
    call({ start: 1, instance: 'a' }),
    call({ start: 2, instance: 'b' }),
    call({ start: 3, instance: 'b' }),
  ];
  const history = new History(calls);
  expect(history.shareOf('a')).toBeCloseTo(1 / 3);
  expect(history.startedWithin(2).count).toBe(2);
  expect(history.startedWithin(1, 3).calls).toEqual([calls[0], calls[1]]);
});
