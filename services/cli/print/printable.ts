/**
 * A text from the mesh as it may be shown on a terminal: control characters, by which it could move the cursor or
 * rename the window, become visible escapes (`\x1b`). Line ends and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** A text as one line of at most `width` characters; what is cut off leaves a `…`. */
export function oneLine(text: string, width: number): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1)).toWellFormed()}…`;
}
