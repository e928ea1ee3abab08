import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeJsonError } from '../../../services/cli/input/json-error.ts';

function mistakeIn(text: string) {
  try {
    JSON.parse(text);
  } catch (error) {
    return describeJsonError(text, error as SyntaxError);
  }
  throw new Error(`${text} is JSON.`);
}

describe('what is wrong with a text that is no JSON', () => {
  it.each([
    ['{', 1, 2, '{\n ^'],
    ['hello', 1, 1, 'hello\n^'],
    ['{text: 1}', 1, 2, '{text: 1}\n ^'],
    ['[1,]', 1, 4, '[1,]\n   ^'],
    ["{'a': 1}", 1, 2, "{'a': 1}\n ^"],
    ['{\n  "a": 1,\n  "b": oops\n}', 3, 8, '  "b": oops\n       ^'],
    ['{"a": "x\ty"}', 1, 9, '{"a": "x y"}\n        ^'],
    ['"open', 1, 6, '"open\n     ^'],
  ])('%j: its place', (text, line, column, excerpt) => {
    expect(mistakeIn(text)).toMatchObject({ line, column, excerpt });
  });

  it('is shown with what is around it, of a long line', () => {
    const { column, excerpt } = mistakeIn(`["${'x'.repeat(500)}", oops, "${'y'.repeat(500)}"]`);
    expect(column).toBe(506);
    const [shown = '', caret = ''] = excerpt.split('\n');
    expect(shown.length).toBeLessThan(80);
    expect(shown[caret.indexOf('^')]).toBe('o');
  });

  it('is told without its place in the words of the parser, as that stands beside it', () => {
    expect(mistakeIn('{').what).not.toMatch(/position|line|JSON/);
    expect(mistakeIn('hello').what).toBe("Unexpected token 'h'");
  });

  it('is where a stranger was put into JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, at) => {
        const place = at % (json.length + 1);
        const broken = `${json.slice(0, place)}\u0001${json.slice(place)}`;
        expect(mistakeIn(broken).column).toBe(place + 1);
      }),
    );
  });
});
