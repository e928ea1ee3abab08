/** The share of characters that may be unreadable before a document is taken for no text at all. */
const MOST_UNREADABLE = 0.1;

/** So few of them are let pass in any text. */
const FEW = 8;

/**
 * The text of a document's bytes: UTF-8, or UTF-16 where a byte order mark says so. Bytes that are no character, and
 * NUL and its kin, become U+FFFD; line ends become `\n`. Nothing if so much is unreadable that it is no text.
 */
export function decode(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder(encodingOf(bytes))
    .decode(bytes)
    .replace(/[\x00-\x08\x0e-\x1f\x7f]/g, '\ufffd')
    .replace(/\r\n?/g, '\n');
  const unreadable = text.match(/\ufffd/g)?.length ?? 0;
  return unreadable > FEW && unreadable > MOST_UNREADABLE * text.length ? undefined : text;
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}
