import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../services/orchestrator/pipeline/expression.ts';
import { ExpressionScope } from '../../../services/orchestrator/pipeline/expression-scope.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { type JsonValue, toValue } from '../../../services/protocol/value.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

const input: JsonValue = {
  n: 7,
  half: 0.5,
  text: 'abc',
  none: null,
  yes: true,
  items: [
    { title: 'one', size: 1 },
    { title: 'two', size: 2, note: null },
  ],
  numbers: [1, 2, 3],
  'a key': 'odd',
  constructor: { name: 'Mallory' },
};

function evaluate(source: string, given: JsonValue = input, bytes = 1_000_000): JsonValue {
  const scope = new ExpressionScope(toValue(given));
  scope.add('draft', toValue({ text: 'hello', words: 2 }));
  const expression = compileExpression(source);
  return expression.evaluate(scope.read(expression.references), { bytes });
}

function errorOf(call: () => unknown): RpcError {
  try {
    call();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('an expression', () => {
  it.each<[string, JsonValue]>([
    ['input.n', 7],
    ['input.none', null],
    ['input.yes', true],
    ['input.items[0]', { title: 'one', size: 1 }],
    ['input.items[input.n - 6].title', 'two'],
    ['input["a key"]', 'odd'],
    ['input.constructor.name', 'Mallory'],
    ['steps.draft.output.text', 'hello'],
    ['steps["draft"]["output"].words', 2],
    ['{"a": input.n, "b": [input.text]}', { a: 7, b: ['abc'] }],
    ['input.text + "d"', 'abcd'],
    ['input.yes ? 1 : 2', 1],
    ['input.text.startsWith("a") && input.text.matches("^[a-c]+$")', true],
    ['type(input) == map', true],
    ['string(input.n) + string(2)', '72'],
    ['timestamp("2026-01-02T03:04:05Z")', '2026-01-02T03:04:05Z'],
    ['duration("90s")', '90s'],
    ['b"abc"', 'YWJj'],
    ['{1: "a", true: "b"}', { 1: 'a', true: 'b' }],
    ['3u', 3],
    ['{"__proto__": 1}', JSON.parse('{"__proto__": 1}')],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });
});

describe('integers meet the numbers of JSON', () => {
  it.each<[string, JsonValue]>([
    ['input.n + 1', 8],
    ['1 + input.n', 8],
    ['input.n - 1', 6],
    ['10 - input.n', 3],
    ['input.n * 2', 14],
    ['2 * input.half', 1],
    ['input.n / 2', 3.5],
    ['1 / input.half', 2],
    ['input.n % 2', 1],
    ['20 % input.n', 6],
    ['input.n % input.half', 0],
    ['-input.n', -7],
    ['input.n == 7', true],
    ['7 == input.n', true],
    ['input.n != 7', false],
    ['input.n > 3', true],
    ['3 >= input.n', false],
    ['size(input.numbers) > input.half', true],
    ['size(input.numbers) + input.n', 10],
    ['input.n in [5, 7]', true],
    ['7 in input.numbers.map(x, x * 7)', true],
    ['{7: "seven"}[input.n]', 'seven'],
    ['[1, 2] == input.numbers', false],
    ['[1, 2, 3] == input.numbers', true],
    ['1 + 2', 3],
    ['7 / 2', 3],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });
});

describe('macros', () => {
  it.each<[string, JsonValue]>([
    ['input.items.map(i, i.title)', ['one', 'two']],
    ['input.items.filter(i, i.size > 1).map(i, i.title)', ['two']],
    ['input.items.map(i, i.size > 1, i.title)', ['two']],
    ['input.items.all(i, i.size > 0)', true],
    ['input.items.exists(i, i.title == "two")', true],
    ['input.items.exists_one(i, i.size == 1)', true],
    ['input.numbers.map(input, input + 1)', [2, 3, 4]],
    ['input.items.map(steps, steps.title)', ['one', 'two']],
    ['input.items.filter(i, has(i.note)).map(i, i.title)', ['two']],
    ['input.items.map(i, i.size) + input.items.map(i, i.title)', [1, 2, 'one', 'two']],
    [
      'input.numbers.map(i, [i]).map(i, i + [0]) + [input.numbers.map(i, i)]',
      [
        [1, 0],
        [2, 0],
        [3, 0],
        [1, 2, 3],
      ],
    ],
    ['[].map(i, i)', []],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('go over a large list', () => {
    const numbers = Array.from({ length: 100_000 }, (_, i) => i);
    expect(evaluate('input.map(i, i + 1)', numbers, 10_000_000)).toEqual(numbers.map((i) => i + 1));
    expect(evaluate('size(input.filter(i, i % 2 == 0))', numbers)).toBe(50_000);
  });

  it.each([
    ['input.numbers.map(i, input.numbers.map(j, i * j))'],
    ['input.numbers.filter(i, input.numbers.exists(j, j == i))'],
    ['input.numbers.all(i, 1 in input.numbers.filter(j, j == i))'],
    ['input.numbers.map(i, true ? [input.numbers.all(j, j > i)] : [])'],
    ['input.numbers.map(i, {"a": input.numbers.map(j, j)})'],
  ])('do not stand inside another: %s', (source) => {
    expect(errorOf(() => compileExpression(source)).message).toContain(
      'a macro (map, filter, all, exists, …)',
    );
  });
});

describe('null is a value', () => {
  it.each<[string, JsonValue]>([
    ['has(input.none)', true],
    ['has(input.nobody)', false],
    ['"none" in input', true],
    ['"nobody" in input', false],
    ['input.none == null', true],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toBe(expected);
  });
});

describe('references are found without evaluation', () => {
  it.each([
    ['1 + 1', []],
    ['input.a', ['input']],
    ['steps.a.output', ['a']],
    ['steps.a.output.b + steps["c"].output', ['a', 'c']],
    ['has(steps.a.output.b) ? input : steps.d["output"]', ['a', 'd', 'input']],
    ['input.map(x, x + steps.a.output)', ['a', 'input']],
    ['steps.a.output.filter(steps, steps.b)', ['a']],
  ])('%s', (source, expected) => {
    expect([...compileExpression(source).references].sort()).toEqual(expected);
  });
});

describe('what can never work is refused when it is compiled', () => {
  it.each([
    ['input.n +', 'line 1, column 9, offset 8: found + but expecting end of input'],
    ['input.a ||\n  )', 'line 1, column 9, offset 8'],
    ['1 +\n unknown', 'line 2, column 2, offset 5: unknown is unknown'],
    ['inputs.n', 'inputs is unknown: there are input and steps.<name>.output'],
    ['steps', 'steps stands alone'],
    ['steps.map(s, s)', 'steps stands alone'],
    ['steps[input.a].output', 'steps stands alone'],
    ['steps.draft', 'write steps.draft.output'],
    ['steps.draft.result', 'write steps.draft.output'],
    ['has(steps.draft)', 'write steps.draft.output'],
    ['input.map(x, x) + x', 'x is unknown'],
    ['foo(input)', 'there is no function foo'],
    ['input.a.foo()', 'there is no function foo'],
    ['input.map(x)', 'there is no function map'],
    ['has(input)', 'there is no function has'],
    ['google.protobuf.Duration{seconds: 1}', 'makes a message'],
    ['"\\ud800"', 'surrogate'],
  ])('%s', (source, problem) => {
    const error = errorOf(() => compileExpression(source));
    expect(reasonOf(error)).toBe('INVALID_PIPELINE');
    expect(error.message).toContain(problem);
  });
});

describe('what has no value says why', () => {
  it.each([
    ['input.nobody', 'field not found: nobody'],
    ['input.none.a', 'field not found: a'],
    ['input.items[5]', 'index 5 out of bounds'],
    ['input.items.map(i, i.note)', 'field not found: note'],
    ['input.text + 1', "no matching overload for '_+_' applied to '(string, int)'"],
    ['input.n / 0', 'Infinity, which JSON does not have'],
    ['1 / 0', 'divide by zero'],
    ['9007199254740993', 'make it a string'],
    ['type(1)', 'is a type, which JSON does not have'],
    ['input.text.matches("(")', 'parsing regexp'],
  ])('%s', (source, problem) => {
    const error = errorOf(() => evaluate(source));
    expect(reasonOf(error)).toBe('INVALID_PIPELINE');
    expect(error.message).toContain(problem);
    expect(error.message).toContain(`\${${source}}`);
  });

  it('also where it would take too much room', () => {
    const text = 'x'.repeat(1_000);
    expect(evaluate('[input, input]', text, 2_100)).toEqual([text, text]);
    expect(errorOf(() => evaluate('[input, input]', text, 2_000)).message).toContain('too large');
    expect(errorOf(() => evaluate('{input: 1}', text, 900)).message).toContain('too large');
  });
});
