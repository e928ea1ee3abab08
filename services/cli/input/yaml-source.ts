import { LineCounter, parseDocument } from 'yaml';
import { YamlValue } from './yaml-value.ts';

/** What reading a file gave: the value, or every mistake in it as `file:line:column: what is wrong`. */
export type YamlResult<T> =
  | { readonly value: T; readonly mistakes?: never }
  | { readonly value?: never; readonly mistakes: readonly string[] };

/** The largest file that is read, in characters. */
const MAX_LENGTH = 1024 * 1024;

/** How many aliases (`*name`) one file may follow; a file of a few lines could otherwise unfold without end. */
const MAX_ALIASES = 100;

/** The parser's errors that are plainer in our words. */
const PLAINER: Record<string, string> = {
  DUPLICATE_KEY: 'this key stands twice in the mapping: each may stand once',
  MULTIPLE_DOCS: 'a second document begins here: put it into a file of its own',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
};

/**
 * Reads a YAML file of one document. `read` takes its root apart, noting mistakes on the way; what it answers counts
 * only where there were none. A file that does not parse is not handed to it.
 *
 * @param file The file's name, for mistakes.
 * @param text What the file holds.
 */
export function readYaml<T>(file: string, text: string, read: (root: YamlValue) => T): YamlResult<T> {
  if (text.length > MAX_LENGTH) {
    return { mistakes: [`${file}:1:1: the file is over ${MAX_LENGTH} characters long`] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const found: { offset: number; message: string }[] = [];
  const note = (offset: number, message: string) => found.push({ offset, message });

  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    note(pos[0], PLAINER[code] ?? message);
  }
  const parsed = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const reading = { document, note, aliasesLeft: MAX_ALIASES };
  const value = parsed ? read(new YamlValue(reading, document.contents, 0, 'the file')) : undefined;
  if (value !== undefined && found.length === 0) return { value };

  const mistakes = found
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, message }) => {
      const { line, col } = lines.linePos(offset);
      return `${file}:${line}:${col}: ${message}`;
    });
  // What an alias repeats is met more than once.
  return { mistakes: [...new Set(mistakes)] };
}
