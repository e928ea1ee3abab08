import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPageToken, pageSize, toPageToken } from '../../services/orchestrator/page.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';

describe('a page', () => {
  it.each([
    [0, 100],
    [1, 1],
    [1_000, 1_000],
    [1_001, 1_000],
    [2 ** 32 - 1, 1_000],
  ])('that is asked for with the size %i holds at most %i', (asked, size) => {
    expect(pageSize(asked)).toBe(size);
  });
});

describe('a page token', () => {
  it('gives back the position that it was made of, and is safe in a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (position) => {
        const token = toPageToken('agents', position);
        expect(token).toMatch(/^[\w-]+$/);
        expect(fromPageToken('agents', token)).toBe(position);
      }),
    );
  });

  it('that is empty asks for the first page', () => {
    expect(fromPageToken('agents', '')).toBeUndefined();
  });

  const token = toPageToken('agents', 'summarizer');
  it.each([
    ['of another list', toPageToken('messages', 'summarizer')],
    ['cut short', token.slice(0, -1)],
    ['with something added', `${token}A`],
    ['with a letter changed', `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`],
    ['padded', `${token}=`],
    ['with a blank before it', ` ${token}`],
    ['made up', 'summarizer'],
    ['that is no base64url', '!?'],
  ])('%s is refused with INVALID_MESSAGE', (_, wrong) => {
    const error = caught(() => fromPageToken('agents', wrong));
    expect(reasonOf(error)).toBe('INVALID_MESSAGE');
    expect(error.message).toContain('page_token');
  });
});

function caught(action: () => unknown): RpcError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof RpcError) return thrown;
  }
  throw new Error('no RpcError was thrown');
}
