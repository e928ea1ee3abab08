/** A field of bytes as it stands on the wire: its tag, their length, they themselves. */
export function field(tag: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
}

/** A number from 0 to 2^32 - 1 as it stands on the wire. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
