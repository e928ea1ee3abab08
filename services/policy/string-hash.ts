/**
 * A hash of a text, a whole number of 32 bits with a sign, the same in every process: FNV-1a over its UTF-16 code
 * units, with the finalizer of MurmurHash3. Not for secrets: who chooses the text can choose the hash.
 */
export function stringHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mixBits(hash);
}

/** The finalizer of MurmurHash3: every bit of the argument changes half of those of the answer, at random. */
export function mixBits(bits: number): number {
  let mixed = bits;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
