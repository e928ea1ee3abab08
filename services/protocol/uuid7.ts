import { randomFillSync } from 'node:crypto';

/** The 12 bits after the version. */
const MAX_COUNTER = 0xfff;

/** Every number of 12 bits as hexadecimal digits: writing them anew for each id took twice as long. */
const HEX = Array.from({ length: MAX_COUNTER + 1 }, (_, n) => n.toString(16).padStart(3, '0'));

/** The digit in which the variant's two bits, 10, are followed by two random ones. */
const VARIANT = ['8', '9', 'a', 'b'];

/** A new UUIDv7. Within a process each sorts after the one before, also when the wall clock goes back. */
export const uuid7 = uuid7Source();

/**
 * A source of UUIDv7s of its own, as in RFC 9562, section 5.7: the time in milliseconds, a counter of 12 bits (section
 * 6.2, method 1), 62 random bits. `now` is its clock, in milliseconds since 1970.
 */
export function uuid7Source(now: () => number = Date.now): () => string {
  let time = -1;
  let counter = 0;
  let prefix = '';
  return () => {
    const present = now();
    if (present > time) {
      startMillisecond(present);
    } else if (counter < MAX_COUNTER) {
      counter += 1;
    } else {
      // All of this millisecond's are given out: run ahead of the clock, as the RFC allows.
      startMillisecond(time + 1);
    }
    const fourth = VARIANT[random12() & 3]! + HEX[random12()];
    return `${prefix}${HEX[counter]}-${fourth}-${HEX[random12()]}${HEX[random12()]}${HEX[random12()]}${HEX[random12()]}`;
  };

  function startMillisecond(milliseconds: number): void {
    time = milliseconds;
    // Begins in the lower half, so that at least 2,048 follow in the same millisecond.
    counter = random12() >> 1;
    const hex = milliseconds.toString(16).padStart(12, '0');
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
  }
}

/** Random numbers ahead: to fetch them one by one would cost more than all the rest. */
const pool = new Uint16Array(4096);
let taken = pool.length;

/** 12 random bits. */
function random12(): number {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  return pool[taken++]! & MAX_COUNTER;
}
