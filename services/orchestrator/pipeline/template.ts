import type { JsonValue } from '../../protocol/value.ts';

/** The most bytes of UTF-8 in one expression. */
export const MAX_EXPRESSION_BYTES = 1_024;

/** How many brackets may stand in one another in an expression: the time to parse it grows with the square. */
const MAX_NESTING = 32;

/** An expression in a text: what stands between `${` and its `}`. */
export interface Placeholder {
  /** The expression, in CEL. */
  readonly expression: string;
}

/** A text taken apart: literal text and expressions, in their order. */
export type Template = readonly (string | Placeholder)[];

/** What is wrong with a text. */
export interface TemplateProblem {
  /** For people, with the place. */
  readonly problem: string;
}

/**
 * The tokens of CEL, as far as they decide where an expression ends: a bracket within a string or a comment is none.
 * A raw string (`r"…"`) knows no escapes. Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 */
const TOKEN = new RegExp(
  [
    /(?:[bB]?[rR])(?:""".*?"""|'''.*?'''|"[^"\r\n]*"|'[^'\r\n]*')/,
    /"""(?:\\.|[^\\])*?"""|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'/,
    /\/\/[^\n]*/,
    /\w+/,
    /(?<open>[([{])/,
    /(?<close>[)\]}])/,
    /./,
  ]
    .map((token) => token.source)
    .join('|'),
  'sy',
);

/**
 * Takes a text apart. `${…}` is an expression, `$${` a literal `${`, and every other `$` itself. What stands behind
 * more than `maxBytes` of expressions is left out. Default: all is taken.
 */
export function parseTemplate(
  text: string,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Template | TemplateProblem {
  const parts: (string | Placeholder)[] = [];
  let literal = '';
  let room = maxBytes;
  for (let at = 0; at < text.length && room >= 0; ) {
    if (text.startsWith('$${', at)) {
      literal += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      const expression = readExpression(text, at + 2);
      if (typeof expression !== 'string') {
        return { problem: `the expression at offset ${at} ${expression.problem}` };
      }
      if (literal !== '') parts.push(literal);
      literal = '';
      parts.push({ expression });
      room -= Buffer.byteLength(expression);
      at += expression.length + 3;
    } else {
      const next = text.indexOf('$', at + 1);
      const end = next === -1 ? text.length : next;
      literal += text.slice(at, end);
      at = end;
    }
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

/**
 * Fills a template in. One that is a single expression becomes its value and keeps the type; in all others values are
 * put in as text, those that are no strings as JSON.
 */
export function renderTemplate(template: Template, evaluate: (expression: string) => JsonValue): JsonValue {
  const [first] = template;
  if (template.length === 1 && typeof first === 'object') return evaluate(first.expression);
  return template
    .map((part) => (typeof part === 'string' ? part : asText(evaluate(part.expression))))
    .join('');
}

/** A value as text: a string is itself, all else is JSON. */
export function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The expression that begins at `start`, up to the `}` that ends it. */
function readExpression(text: string, start: number): string | TemplateProblem {
  // Longer than the limit it is refused anyway, so nothing behind it is looked at.
  const source = text.slice(start, start + MAX_EXPRESSION_BYTES + 1);
  let braces = 0;
  let brackets = 0;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(source); token; token = TOKEN.exec(source)) {
    const { open, close } = token.groups!;
    if (close === '}' && braces === 0) return withinLimits(source.slice(0, token.index));
    if (open) brackets++;
    if (close) brackets--;
    if (open === '{') braces++;
    if (close === '}') braces--;
    if (brackets > MAX_NESTING) return { problem: `is nested over ${MAX_NESTING} deep` };
  }
  return { problem: `is not closed by "}", or is over ${MAX_EXPRESSION_BYTES} bytes` };
}

function withinLimits(expression: string): string | TemplateProblem {
  if (expression.trim() === '') return { problem: 'is empty' };
  const bytes = Buffer.byteLength(expression);
  if (bytes <= MAX_EXPRESSION_BYTES) return expression;
  return { problem: `has ${bytes} bytes; at most ${MAX_EXPRESSION_BYTES} are allowed` };
}
