import { expect, it } from 'vitest';
import { drainTimeOf } from '../../services/rpc/drain-time.ts';

it.each([
  [undefined, 10_000],
  ['', 10_000],
  ['0', 0],
  ['3600000', 3_600_000],
])('TROUPE_DRAIN_MS=%s lets a process drain for %d ms', (text, ms) => {
  expect(drainTimeOf({ TROUPE_DRAIN_MS: text })).toBe(ms);
});

it.each(['10s', '-1', '1.5', '3600001', '1e3', ' 1'])(
  'TROUPE_DRAIN_MS=%s is refused, and said how it is right',
  (text) => {
    expect(() => drainTimeOf({ TROUPE_DRAIN_MS: text })).toThrow(
      `TROUPE_DRAIN_MS is "${text}": it must be a whole number of milliseconds from 0 to 3600000.`,
    );
  },
);
