const encoder = new TextEncoder();

/**
 * A text that is safe in a status: well formed, and of at most `maxBytes` bytes of UTF-8 (3 or more). One
 * that is longer is cut between characters and ends in `…`. Lone surrogates, which would end a grpc-js
 * server, become U+FFFD.
 */
export function shortText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text.toWellFormed();
  const room = new Uint8Array(maxBytes);
  if (encoder.encodeInto(text, room).read === text.length) return text.toWellFormed();
  const { read } = encoder.encodeInto(text, room.subarray(0, maxBytes - 3));
  return `${text.slice(0, read).toWellFormed()}…`;
}
