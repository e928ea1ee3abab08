import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortText } from '../../services/rpc/short-text.ts';

describe('a short text', () => {
  it.each([
    { text: '', maxBytes: 10, short: '' },
    { text: 'ten bytes!', maxBytes: 10, short: 'ten bytes!' },
    { text: 'eleven byte', maxBytes: 10, short: 'eleven …' },
    { text: 'ünïcödé', maxBytes: 10, short: 'ünïc…' },
    { text: '🎭🎭🎭', maxBytes: 11, short: '🎭🎭…' },
    { text: '🎭🎭🎭', maxBytes: 10, short: '🎭…' },
    { text: 'cut \ud83c', maxBytes: 100, short: 'cut \ufffd' },
  ])('of $text in $maxBytes bytes is $short', ({ text, maxBytes, short }) => {
    expect(shortText(text, maxBytes)).toBe(short);
  });

  it('fits, is well formed, and begins as the text does, whatever the text', () => {
    const anyText = fc.string({ unit: fc.constantFrom('a', 'ü', '…', '🎭', '\ud800', '\udfad') });
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 40 }), (text, maxBytes) => {
        const short = shortText(text, maxBytes);
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(maxBytes);
        expect(short.isWellFormed()).toBe(true);
        expect(text.toWellFormed().startsWith(short.replace(/…$/, ''))).toBe(true);
      }),
    );
  });
});
