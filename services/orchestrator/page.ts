import { crc32 } from 'node:zlib';
import { troupeError } from '../protocol/reason.ts';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;

/** The most bytes of a page of more than one item, so that no reader meets its limit of 4 MiB. */
const MAX_PAGE_BYTES = 3 * 1024 * 1024;

/**
 * How many items a page holds that was asked for with that `page_size`: 0 is 100, and over 1,000 is 1,000.
 */
export function pageSize(asked: number): number {
  return Math.min(asked || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/**
 * The first of `items`, as many as a page of that size holds within `maxBytes`, by default 3 MiB, but at least
 * one; and whether there are more. `bytesOf` is the size of an item on the wire, or more.
 */
export function takePage<T>(
  items: Iterable<T>,
  size: number,
  bytesOf: (item: T) => number,
  maxBytes = MAX_PAGE_BYTES,
): { page: T[]; more: boolean } {
  const page: T[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += bytesOf(item);
    if (page.length === size || (page.length > 0 && bytes > maxBytes)) return { page, more: true };
    page.push(item);
  }
  return { page, more: false };
}

/** The opaque token of the page of `list` that begins after `position`. It is text that is safe in a URL. */
export function toPageToken(list: string, position: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(checksum(list, position));
  return Buffer.concat([sum, Buffer.from(position)]).toString('base64url');
}

/**
 * The position that a token of `list` holds; nothing for the empty token of the first page. A token that was
 * not given for that list, or not whole, is INVALID_MESSAGE.
 */
export function fromPageToken(list: string, token: string): string | undefined {
  if (token === '') return undefined;
  const position = Buffer.from(token, 'base64url').subarray(4).toString();
  // Made again and compared: what was altered, cut or added anywhere shows.
  if (toPageToken(list, position) === token) return position;
  const description = 'is no page token of this list: send the next_page_token of the page before, or none';
  throw troupeError('INVALID_MESSAGE', `page_token ${description}`, {
    violations: [{ field: 'page_token', description }],
  });
}

function checksum(list: string, position: string): number {
  return crc32(`${list}\n${position}`);
}
