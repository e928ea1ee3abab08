/**
 * A page token that holds `parts`, opaque to whoever carries it: where the next page begins, and what the list was
 * asked for.
 */
export function encodePageToken(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The `count` parts of a page token; nothing where `encodePageToken` did not make it of as many. */
export function decodePageToken(token: string, count: number): string[] | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== count) return undefined;
  if (!parts.every((part) => typeof part === 'string')) return undefined;
  // Decoding base64url passes over what does not belong there: only the very token counts.
  return encodePageToken(...parts) === token ? parts : undefined;
}
