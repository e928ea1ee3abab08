/** How many texts are remembered; a power of two. */
const SLOTS = 512;

/**
 * The texts that were read last, by their bytes: the same name in message after message becomes the same string, and
 * no new one. Bounded: each text has one place, where the next of the same hash takes over.
 */
export class TextTable {
  readonly #texts: string[] = new Array(SLOTS).fill('');

  /** The text in ASCII from `start` to `end` of `buffer`. */
  text(buffer: Buffer, start: number, end: number): string {
    if (start === end) return '';
    const slot = hash(buffer, start, end) & (SLOTS - 1);
    const known = this.#texts[slot]!;
    if (isAt(known, buffer, start, end)) return known;
    const text = buffer.toString('latin1', start, end);
    this.#texts[slot] = text;
    return text;
  }
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(buffer: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let at = start; at < end; at++) value = Math.imul(value ^ buffer[at]!, 0x01000193);
  return value ^ (value >>> 16);
}

function isAt(text: string, buffer: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== buffer[start + i]) return false;
  return true;
}
