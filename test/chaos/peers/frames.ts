/** The kinds of HTTP/2 frames, by their number. Source: RFC 9113, section 6. */
export const Kind = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** The flags of frames; ACK is END_STREAM's number on frames that are of no stream. */
export const Flag = { NONE: 0, END_STREAM: 1, ACK: 1, END_HEADERS: 4 } as const;

/** How long the part of a frame before its payload is, in bytes. */
export const FRAME_HEAD = 9;

/** How a client begins: the preface, and SETTINGS without any setting. */
export const HELLO = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(Kind.SETTINGS, Flag.NONE, 0),
]);

/** A frame as bytes, well formed or not: nothing is checked. */
export function frame(
  kind: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(kind, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Header fields by HPACK, each a literal that enters no table, without Huffman. */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), ...literal(name), ...literal(value)]),
  );
}

/** What a gRPC call begins with, as a header block. `more` comes last; what it repeats of the others replaces it. */
export function callHeaders(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'chaos',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
  return headerBlock(Object.entries(fields));
}

/** A message as gRPC puts it into DATA: whether it is compressed, its length, its bytes. */
export function grpcMessage(bytes: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** The DATA frames that carry `bytes`, of 16 KiB each, the last of which ends the stream. */
export function dataFrames(stream: number, bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += 16_384) {
    const last = at + 16_384 >= bytes.length;
    frames.push(
      frame(Kind.DATA, last ? Flag.END_STREAM : Flag.NONE, stream, bytes.subarray(at, at + 16_384)),
    );
  }
  return frames;
}

/** A string of HPACK: its length with a prefix of 7 bits, its bytes. */
function literal(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return [Buffer.from([bytes.length]), bytes];
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
  return [Buffer.from([...length, rest]), bytes];
}
