import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, SortedKeys } from '../../../services/orchestrator/state/sorted-keys.ts';

const anyKey = fc.string({ unit: 'grapheme', maxLength: 4 });

describe('the order of keys', () => {
  it('is the order of their bytes of UTF-8', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareKeys('\u{10000}', '\uffff')).toBeGreaterThan(0);
  });
});

describe('sorted keys', () => {
  it('walk in order from any key, after any number of additions and removals', () => {
    const keys = new SortedKeys();
    const held = new Set<string>();
    // Multiples of a prime, modulo one: every number once, in an order that splits and empties chunks.
    for (let i = 0; i < 4_001; i++) {
      const key = String((i * 1_327) % 4_001).padStart(4, '0');
      keys.add(key);
      held.add(key);
    }
    for (const key of [...held].filter((_, index) => index % 3 !== 0)) {
      keys.delete(key);
      held.delete(key);
    }
    const sorted = [...held].sort();
    expect([...keys.from('')]).toEqual(sorted);
    expect([...keys.from('2000')]).toEqual(sorted.filter((key) => key >= '2000'));
    for (const key of sorted) keys.delete(key);
    expect([...keys.from('')]).toEqual([]);
    keys.add('again');
    expect([...keys.from('a')]).toEqual(['again']);
  });
});
