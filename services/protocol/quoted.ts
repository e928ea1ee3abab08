import { inspect } from 'node:util';

/** The most characters of a value that are quoted. */
const MAX_QUOTED = 40;

/** Any value as an error's text shows it to whoever wrote it: as Node prints it, on one line, of at most 41 characters. */
export function quoted(value: unknown): string {
  const text = inspect(value, {
    depth: 0,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: MAX_QUOTED,
  });
  const line = text.replace(/\s+/g, ' ');
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED).toWellFormed()}…` : line;
}
