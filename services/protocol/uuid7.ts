import { randomUUID } from 'node:crypto';

/** The 12 bits after the version. */
const MAX_COUNTER = 0xfff;

/**
 * A new UUIDv7, as in RFC 9562, section 5.7: the time in milliseconds, a counter of 12 bits (section 6.2, method 1),
 * 62 random bits. Within a process each sorts after the one before, also when the wall clock goes back.
 */
export const uuid7 = uuid7Source();

/** A source of UUIDv7s of its own. `now` is its clock, in milliseconds since 1970. */
export function uuid7Source(now: () => number = Date.now): () => string {
  let time = -1;
  let counter = 0;
  let prefix = '';
  return () => {
    const random = randomUUID();
    const present = now();
    if (present > time) {
      startMillisecond(present, random);
    } else if (counter < MAX_COUNTER) {
      counter += 1;
    } else {
      // All of this millisecond's are given out: run ahead of the clock, as the RFC allows.
      startMillisecond(time + 1, random);
    }
    // From the 18th character on a random UUID is as a UUIDv7: the variant and 62 random bits.
    return prefix + counter.toString(16).padStart(3, '0') + random.slice(18);
  };

  function startMillisecond(milliseconds: number, random: string): void {
    time = milliseconds;
    // Begins in the lower half, so that at least 2,048 follow in the same millisecond.
    counter = Number.parseInt(random.slice(0, 3), 16) >> 1;
    const hex = milliseconds.toString(16).padStart(12, '0');
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
  }
}
