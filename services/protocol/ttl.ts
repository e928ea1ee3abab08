import type { Duration } from '@bufbuild/protobuf/wkt';
import { Deadline } from '../rpc/deadline.ts';

/** How long a message lives when neither it, nor its caller, nor its capability says, in milliseconds. */
export const DEFAULT_TTL_MS = 30_000;

/** The longest that a message lives, in milliseconds: whatever says more is cut to it. */
export const MAX_TTL_MS = 3_600_000;

/** What beside its own `ttl` decides how long a message lives. */
export interface DeadlineOptions {
  /** The deadline of the gRPC call that brought it. Default: none, as on a link. */
  callDeadline?: Deadline;
  /** The `default_ttl` of its capability, in milliseconds. Default: 30 s. */
  defaultTtlMs?: number | undefined;
}

/**
 * When a message that arrives now expires: after the shortest of its `ttl`, its call's deadline and one hour; where
 * neither of the first two says anything, after the capability's default, or 30 s. A `ttl` of zero has expired already.
 */
export function messageDeadline(
  message: { readonly ttl?: Duration | undefined },
  { callDeadline = Deadline.never, defaultTtlMs = DEFAULT_TTL_MS }: DeadlineOptions = {},
): Deadline {
  const unsaid = callDeadline === Deadline.never ? defaultTtlMs : MAX_TTL_MS;
  const ttlMs = message.ttl ? durationToMs(message.ttl) : unsaid;
  return Deadline.after(Math.min(ttlMs, MAX_TTL_MS)).earliest(callDeadline);
}

/**
 * What a hop that has `remainingMs` left gives the next one: less a margin of 5 %, at least 2 ms and at most 50 ms, in
 * which the answer gets back with its reason. Zero where nothing is left to give.
 */
export function onwardMs(remainingMs: number): number {
  return Math.max(0, remainingMs - Math.min(50, Math.max(2, remainingMs * 0.05)));
}

/** A protobuf Duration in milliseconds, with its fraction: one nanosecond is 1e-6, not zero. */
export function durationToMs(duration: Duration): number {
  return Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

/**
 * Milliseconds, fractions and negative ones too, as a protobuf Duration, to the nearest nanosecond: protobuf-es's
 * `durationFromMs` leaves a fraction in `nanos`, which then does not encode. `ms` must be finite.
 */
export function msToDuration(ms: number): Duration {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  // Rounding may fill the second.
  const carry = Math.trunc(nanos / 1e9);
  return {
    $typeName: 'google.protobuf.Duration',
    seconds: BigInt(seconds + carry),
    nanos: nanos - carry * 1e9,
  };
}
