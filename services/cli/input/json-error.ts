/** What is wrong with a text that is no JSON, and where. */
export interface JsonMistake {
  /** What the parser says, without the place. */
  readonly what: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The line where it is, cut around the place, and below it a caret. */
  readonly excerpt: string;
}

/** How much of a line is shown before and after the place. */
const AROUND = 36;

/** Says what `JSON.parse` found wrong with `text`, and where, also where V8 does not say. */
export function describeJsonError(text: string, error: SyntaxError): JsonMistake {
  const position = positionOf(text, error.message);
  const before = text.slice(0, position);
  const lineStart = before.lastIndexOf('\n') + 1;
  const from = Math.max(lineStart, position - AROUND);
  const shown = text.slice(from, position + AROUND).split('\n', 1)[0] ?? '';
  return {
    what: error.message.replace(
      / in JSON at position.*| in JSON input|, (\.\.\.)?".*is not valid JSON$/s,
      '',
    ),
    line: before.split('\n').length,
    column: position - lineStart + 1,
    excerpt: `${shown.toWellFormed().replaceAll('\t', ' ')}\n${' '.repeat(position - from)}^`,
  };
}

function positionOf(text: string, message: string): number {
  const said = / at position (\d+)/.exec(message)?.[1];
  if (said !== undefined) return Number(said);
  const token = /^Unexpected token/.exec(message)?.[0];
  return token === undefined ? text.length : firstUnexpected(text);
}

/** V8 does not say where an unexpected token is; but a text that ends before it does not have it. */
function firstUnexpected(text: string): number {
  let without = 0;
  let having = text.length;
  while (having - without > 1) {
    const middle = (without + having) >> 1;
    if (hasUnexpected(text.slice(0, middle))) having = middle;
    else without = middle;
  }
  return having - 1;
}

function hasUnexpected(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as SyntaxError).message.startsWith('Unexpected token');
  }
}
