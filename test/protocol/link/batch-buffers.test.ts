import { describe, expect, it } from 'vitest';
import { giveBack, lendBuffer } from '../../../services/protocol/link/batch-buffers.ts';

const KIB = 1024;

describe('The buffers of batches', () => {
  it('lends large ones again once they were given back, in whatever size is asked for', () => {
    const first = lendBuffer(200 * KIB);
    giveBack(first);
    const second = lendBuffer(100 * KIB);
    expect(second.length).toBe(100 * KIB);
    expect(second.buffer).toBe(first.buffer);
  });

  it('never lends one that was not given back', () => {
    const [first, second] = [lendBuffer(200 * KIB), lendBuffer(200 * KIB)];
    expect(second.buffer).not.toBe(first.buffer);
  });

  it.each([
    ['small', 1 * KIB],
    ['larger than a batch', 4096 * KIB],
  ])('keeps none that is %s', (_, size) => {
    const buffer = lendBuffer(size);
    expect(buffer.length).toBe(size);
    giveBack(buffer);
    expect(lendBuffer(200 * KIB).buffer).not.toBe(buffer.buffer);
  });

  it('keeps no more than eight', () => {
    const lent = Array.from({ length: 12 }, () => lendBuffer(200 * KIB));
    for (const buffer of lent) giveBack(buffer);
    const known = new Set(lent.map(({ buffer }) => buffer));
    const again = Array.from({ length: 12 }, () => lendBuffer(200 * KIB));
    expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(8);
  });
});
