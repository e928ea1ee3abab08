import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireWriter } from '../../../services/protocol/codec/wire-writer.ts';

/** How large what is written may be: many to a buffer, one that fills it, and one that is taken as it is. */
const size = fc.oneof(fc.nat(300), fc.integer({ min: 10_000, max: 40_000 }));

/** Bytes of that size, of which no two are alike. */
function bytesOf(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff));
}

describe('A writer of the wire format', () => {
  it('leaves what it handed out as it is, whatever is written next', () => {
    const writer = new WireWriter();
    fc.assert(
      fc.property(fc.array(fc.array(size, { maxLength: 4 }), { minLength: 2, maxLength: 12 }), (rounds) => {
        const handedOut = rounds.map((sizes, round) => {
          const parts = sizes.map((length, i) => bytesOf(length, round + i));
          writer.start();
          for (const part of parts.toReversed()) writer.raw(part);
          return { expected: Buffer.concat(parts), chunks: writer.chunks() };
        });
        for (const { expected, chunks } of handedOut)
          expect(Buffer.concat(chunks).equals(expected)).toBe(true);
      }),
    );
  });

  it('forgets what was written and not handed out', () => {
    const writer = new WireWriter();
    writer.start();
    writer.text('first');
    const first = writer.bytes();
    writer.start();
    writer.text('forgotten');
    writer.start();
    writer.text('second');
    expect(writer.bytes().toString()).toBe('\x06second');
    expect(first.toString()).toBe('\x05first');
  });

  it('goes back to a length, in a buffer that holds what was handed out', () => {
    const writer = new WireWriter();
    writer.start();
    writer.text('first');
    const first = writer.bytes();
    writer.start();
    writer.text('kept');
    const { length } = writer;
    writer.text('dropped');
    writer.backTo(length);
    expect(writer.bytes().toString()).toBe('\x04kept');
    expect(first.toString()).toBe('\x05first');
  });
});
