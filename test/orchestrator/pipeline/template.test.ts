// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what templates are made of
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseTemplate,
  renderTemplate,
  type Template,
} from '../../../services/orchestrator/pipeline/template.ts';

/** The parts of a template; expressions in arrays. */
function parts(text: string) {
  const template = parseTemplate(text);
  if ('problem' in template) return template.problem;
  return template.map((part) => (typeof part === 'string' ? part : [part.expression]));
}

describe('a template', () => {
  it.each<[string, unknown[]]>([
    ['', []],
    ['plain', ['plain']],
    ['${a}', [['a']]],
    ['a ${b} c', ['a ', ['b'], ' c']],
    ['${a}${b}', [['a'], ['b']]],
    ['costs $5, or 5$', ['costs $5, or 5$']],
    ['$${a}', ['${a}']],
    ['$$${a}', ['$${a}']],
    ['$${${a}', ['${', ['a']]],
    ['$a{b}', ['$a{b}']],
    ['${ {"a": 1}.a }', [[' {"a": 1}.a ']]],
    ['${ {"a": "}"}.a }', [[' {"a": "}"}.a ']]],
    ["${ '}' + '{' }", [[" '}' + '{' "]]],
    ['${ "\\"}" }', [[' "\\"}" ']]],
    ['${ r"\\" }', [[' r"\\" ']]],
    ["${ R'\\' }x", [[" R'\\' "], 'x']],
    ['${ br"\\" }', [[' br"\\" ']]],
    ['${ """a"}b""" }', [[' """a"}b""" ']]],
    ["${ '''a'}\n''' }", [[" '''a'}\n''' "]]],
    ['${ bar + "}" }', [[' bar + "}" ']]],
    ['${ a // }\n }', [[' a // }\n ']]],
    ['${a}}', [['a'], '}']],
    ['${ "${b}" }', [[' "${b}" ']]],
  ])('%s', (text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  it.each([
    ['ab ${input', 'the expression at offset 3 is not closed'],
    ['${ {"a": 1 }', 'is not closed'],
    ['${}', 'is empty'],
    ['${ \n}', 'is empty'],
    [`\${"${'x'.repeat(1_023)}"}`, 'is not closed by "}", or is over 1024 bytes'],
    [`\${"${'é'.repeat(600)}"}`, 'has 1202 bytes; at most 1024'],
    [`\${${'('.repeat(33)}1${')'.repeat(33)}}`, 'is nested over 32 deep'],
  ])('%s is refused', (text, problem) => {
    expect(parts(text)).toContain(problem);
  });

  it('takes an expression of 1,024 bytes', () => {
    expect(parts(`\${"${'x'.repeat(1_022)}"}`)).toHaveLength(1);
  });

  it('gives back any text in which every ${ is doubled', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('$', '{', '}', 'a', '"', '${', '$${')), (tokens) => {
        const text = tokens.join('');
        const doubled = parseTemplate(text.replaceAll('${', () => '$${')) as Template;
        expect(renderTemplate(doubled, () => null)).toBe(text);
      }),
    );
  });
});

describe('a filled-in template', () => {
  const values: Record<string, unknown> = { n: 1.5, text: 'x', list: [1, 'a'], nothing: null, yes: true };
  const fill = (text: string) =>
    renderTemplate(parseTemplate(text) as Template, (expression) => values[expression] as never);

  it.each([
    ['${n}', 1.5],
    ['${text}', 'x'],
    ['${list}', [1, 'a']],
    ['${nothing}', null],
    ['${yes}', true],
    [' ${n}', ' 1.5'],
    ['${n}${n}', '1.51.5'],
    ['a ${text} b', 'a x b'],
    ['a ${list} b', 'a [1,"a"] b'],
    ['a ${nothing} ${yes}', 'a null true'],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(fill(text)).toEqual(expected);
  });
});
