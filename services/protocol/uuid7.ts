import { randomFillSync } from 'node:crypto';

/** The 12 bits after the version. */
const MAX_COUNTER = 0xfff;

/** Every number of 12 bits as three hexadecimal digits, in ASCII: writing them anew for each id took twice as long. */
const DIGITS = Buffer.from(
  Array.from({ length: MAX_COUNTER + 1 }, (_, n) => n.toString(16).padStart(3, '0')).join(''),
  'latin1',
);

/** The digit in which the variant's two bits, 10, are followed by two random ones, in ASCII. */
const VARIANT = Buffer.from('89ab', 'latin1');

/** A new UUIDv7. Within a process each sorts after the one before, also when the wall clock goes back. */
export const uuid7 = uuid7Source();

/**
 * A source of UUIDv7s of its own, as in RFC 9562, section 5.7: the time in milliseconds, a counter of 12 bits (section
 * 6.2, method 1), 62 random bits. `now` is its clock, in milliseconds since 1970.
 */
export function uuid7Source(now: () => number = Date.now): () => string {
  let time = -1;
  let counter = 0;
  // A string made of parts is put together only when it is first hashed or written, which takes longer than all of this.
  const id = Buffer.from('TTTTTTTT-TTTT-7CCC-VRRR-RRRRRRRRRRRR', 'latin1');
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
    writeDigits(id, 15, counter);
    id[19] = VARIANT[random12() & 3]!;
    writeDigits(id, 20, random12());
    for (let at = 24; at < 36; at += 3) writeDigits(id, at, random12());
    return id.toString('latin1');
  };

  function startMillisecond(milliseconds: number): void {
    time = milliseconds;
    // Begins in the lower half, so that at least 2,048 follow in the same millisecond.
    counter = random12() >> 1;
    const hex = milliseconds.toString(16).padStart(12, '0');
    id.write(`${hex.slice(0, 8)}-${hex.slice(8)}`, 'latin1');
  }
}

/** Writes a number of 12 bits as three digits. */
function writeDigits(id: Buffer, at: number, number: number): void {
  const from = 3 * number;
  id[at] = DIGITS[from]!;
  id[at + 1] = DIGITS[from + 1]!;
  id[at + 2] = DIGITS[from + 2]!;
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
