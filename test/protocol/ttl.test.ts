import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationToMs, messageDeadline, msToDuration, onwardMs } from '../../services/protocol/ttl.ts';
import { Deadline } from '../../services/rpc/deadline.ts';

const HOUR = 3_600_000;

describe('a message', () => {
  it.each([
    { says: 'nothing', lives: 30_000 },
    { says: 'nothing, its capability 5 s', defaultTtlMs: 5000, lives: 5000 },
    { says: 'nothing, its capability two hours', defaultTtlMs: 2 * HOUR, lives: HOUR },
    { says: 'nothing, its call 60 s', callMs: 60_000, lives: 60_000 },
    { says: 'nothing, its call 60 s, its capability 5 s', callMs: 60_000, defaultTtlMs: 5000, lives: 60_000 },
    { says: 'nothing, its call two hours', callMs: 2 * HOUR, lives: HOUR },
    { says: '2 s', ttlMs: 2000, lives: 2000 },
    { says: '2 s, its capability 1 s', ttlMs: 2000, defaultTtlMs: 1000, lives: 2000 },
    { says: '2 s, its call 1 s', ttlMs: 2000, callMs: 1000, lives: 1000 },
    { says: '1 s, its call 2 s', ttlMs: 1000, callMs: 2000, lives: 1000 },
    { says: 'two hours', ttlMs: 2 * HOUR, lives: HOUR },
    { says: 'zero', ttlMs: 0, lives: 0 },
    { says: 'zero, its call 2 s', ttlMs: 0, callMs: 2000, lives: 0 },
    { says: '2 s, its call over for 1 ms', ttlMs: 2000, callMs: -1, lives: -1 },
  ])('that says $says lives $lives ms', ({ ttlMs, callMs, defaultTtlMs, lives }) => {
    const ttl = ttlMs === undefined ? undefined : msToDuration(ttlMs);
    const before = performance.now();
    const callDeadline = callMs === undefined ? Deadline.never : Deadline.after(callMs);
    const deadline = messageDeadline({ ttl }, { callDeadline, defaultTtlMs });
    expect(deadline.at).toBeGreaterThanOrEqual(before + lives);
    expect(deadline.at).toBeLessThanOrEqual(performance.now() + lives);
    expect(deadline.expired).toBe(lives <= 0);
  });
});

describe('what goes on to the next hop', () => {
  it.each([
    { remaining: 0, onward: 0 },
    { remaining: 1, onward: 0 },
    { remaining: 2, onward: 0 },
    { remaining: 10, onward: 8 },
    { remaining: 100, onward: 95 },
    { remaining: 1000, onward: 950 },
    { remaining: 30_000, onward: 29_950 },
    { remaining: Number.POSITIVE_INFINITY, onward: Number.POSITIVE_INFINITY },
  ])('of $remaining ms is $onward ms', ({ remaining, onward }) => {
    expect(onwardMs(remaining)).toBe(onward);
  });

  it('is never more than remains, and leaves between 2 and 50 ms wherever that much is there', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: HOUR, noNaN: true }), (remaining) => {
        const margin = remaining - onwardMs(remaining);
        expect(onwardMs(remaining)).toBeGreaterThanOrEqual(0);
        expect(margin).toBeGreaterThanOrEqual(Math.min(remaining, 2 - 1e-6));
        expect(margin).toBeLessThanOrEqual(50 + 1e-6);
      }),
    );
  });
});

describe('a Duration', () => {
  it.each([
    { ms: 0, seconds: 0n, nanos: 0 },
    { ms: -0, seconds: 0n, nanos: 0 },
    { ms: 1500, seconds: 1n, nanos: 500_000_000 },
    { ms: 0.4, seconds: 0n, nanos: 400_000 },
    { ms: -1500, seconds: -1n, nanos: -500_000_000 },
    { ms: 999.999_999_9, seconds: 1n, nanos: 0 },
    { ms: -999.999_999_9, seconds: -1n, nanos: 0 },
  ])('of $ms ms is $seconds s and $nanos ns', ({ ms, seconds, nanos }) => {
    expect(msToDuration(ms)).toStrictEqual(create(DurationSchema, { seconds, nanos }));
  });

  it('goes over the wire and comes back within a nanosecond, with one sign and whole nanos', () => {
    fc.assert(
      fc.property(fc.double({ min: -2 * HOUR, max: 2 * HOUR, noNaN: true }), (ms) => {
        const duration = fromBinary(DurationSchema, toBinary(DurationSchema, msToDuration(ms)));
        expect(Math.abs(durationToMs(duration) - ms)).toBeLessThanOrEqual(1e-6);
        expect(Math.abs(duration.nanos)).toBeLessThan(1e9);
        expect(Math.sign(duration.nanos) * Math.sign(Number(duration.seconds))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('of one nanosecond is more than nothing', () => {
    expect(durationToMs(create(DurationSchema, { nanos: 1 }))).toBeGreaterThan(0);
  });
});
