import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

const NANOS_PER_SECOND = 1_000_000_000n;

/** From the year 1 to the end of the year 9999, in nanoseconds since 1970: what protobuf's JSON has of a Timestamp. */
const EARLIEST = -62_135_596_800n * NANOS_PER_SECOND;
const LATEST = 253_402_300_800n * NANOS_PER_SECOND - 1n;

/** About 10,000 years, in nanoseconds: what protobuf's JSON has of a Duration, either way. */
const LONGEST = 315_576_000_000n * NANOS_PER_SECOND;

/** A Timestamp as protobuf's JSON can hold it: one before the year 1 or after 9999 becomes the nearest that it has. */
export function timestampForJson(timestamp: Timestamp): Timestamp {
  const near = clamp(nanosOf(timestamp), EARLIEST, LATEST);
  // The division rounds towards zero, and a Timestamp's nanos count upwards, also before 1970.
  const seconds = (near - EARLIEST) / NANOS_PER_SECOND + EARLIEST / NANOS_PER_SECOND;
  const nanos = Number(near - seconds * NANOS_PER_SECOND);
  return isSame(timestamp, seconds, nanos) ? timestamp : { ...timestamp, seconds, nanos };
}

/** A Duration as protobuf's JSON can hold it: one of more than 10,000 years, either way, becomes the nearest that it has. */
export function durationForJson(duration: Duration): Duration {
  const near = clamp(nanosOf(duration), -LONGEST, LONGEST);
  const seconds = near / NANOS_PER_SECOND;
  const nanos = Number(near % NANOS_PER_SECOND);
  return isSame(duration, seconds, nanos) ? duration : { ...duration, seconds, nanos };
}

function nanosOf({ seconds, nanos }: Timestamp | Duration): bigint {
  return seconds * NANOS_PER_SECOND + BigInt(nanos);
}

function clamp(nanos: bigint, least: bigint, most: bigint): bigint {
  if (nanos < least) return least;
  return nanos > most ? most : nanos;
}

function isSame(time: Timestamp | Duration, seconds: bigint, nanos: number): boolean {
  return time.seconds === seconds && time.nanos === nanos;
}
