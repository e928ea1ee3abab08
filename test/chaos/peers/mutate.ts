import type { Dice } from './dice.ts';

/** Bytes that mean much on the wire: ends of ranges, tags, lengths. */
const TELLING = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x08, 0x12];

/** Ways to spoil bytes, one at a place. */
const WAYS: readonly ((bytes: Buffer, at: number, dice: Dice) => Buffer)[] = [
  // A bit turned over.
  (bytes, at, dice) => withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << dice.below(8))),
  // A byte that means much, in place of another.
  (bytes, at, dice) => withByte(bytes, at, dice.of(TELLING)),
  // Bytes put in.
  (bytes, at, dice) =>
    Buffer.concat([bytes.subarray(0, at), dice.bytes(1 + dice.below(8)), bytes.subarray(at)]),
  // Bytes left out.
  (bytes, at, dice) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(8))]),
  // Bytes said twice.
  (bytes, at, dice) => Buffer.concat([bytes.subarray(0, at + 1 + dice.below(32)), bytes.subarray(at)]),
  // The rest cut off.
  (bytes, at) => bytes.subarray(0, at),
];

/** A message spoiled at one to four places. */
export function mutate(bytes: Buffer, dice: Dice): Buffer {
  let spoiled = bytes;
  for (let times = 1 + dice.below(4); times > 0; times--) {
    spoiled = dice.of(WAYS)(spoiled, dice.below(Math.max(1, spoiled.length)), dice);
  }
  return spoiled;
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(bytes);
  if (at < changed.length) changed[at] = byte;
  return changed;
}
