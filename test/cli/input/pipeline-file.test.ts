import { equals, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { PipelineSchema } from '../../../gen/troupe/v1/pipeline_pb.js';
import { readPipelineFile } from '../../../services/cli/input/pipeline-file.ts';

const read = (text: string) => readPipelineFile(text, 'brief.yaml');
const steps = (...items: string[]) => ['steps:', ...items.map((item) => `  - ${item}`)].join('\n');
const step = (more: string) => steps(`{ name: a, capability: x, ${more} }`);

describe('a pipeline file', () => {
  it('is the pipeline that its JSON would be', () => {
    const { value } = read(`
name: brief
description: Reads a report and writes a brief.
steps:
  - name: read
    capability: document.read
    payload: { uri: '\${input.uri}', pages: [1, 2.5], deep: { nothing: null, strict: true } }
    attachments: [input, input/report.md]
  - name: summarize
    capability: text.summarize
    task: |
      In three sentences:
      \${steps.read.output.title}
    payload: \${steps.read.output}
    ttl: 20s
`);
    const json: JsonValue = {
      name: 'brief',
      description: 'Reads a report and writes a brief.',
      steps: [
        {
          name: 'read',
          capability: 'document.read',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the pipeline, not of JavaScript
          payload: { uri: '${input.uri}', pages: [1, 2.5], deep: { nothing: null, strict: true } },
          attachments: ['input', 'input/report.md'],
        },
        {
          name: 'summarize',
          capability: 'text.summarize',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the pipeline, not of JavaScript
          task: 'In three sentences:\n${steps.read.output.title}\n',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the pipeline, not of JavaScript
          payload: '${steps.read.output}',
          ttl: '20s',
        },
      ],
    };
    expect(equals(PipelineSchema, value!, fromJson(PipelineSchema, json))).toBe(true);
    expect(toJson(PipelineSchema, value!)).toEqual(json);
  });

  it('takes lists and mappings up to the depth of a payload', () => {
    expect(read(step(`payload: ${'['.repeat(32)}1${']'.repeat(32)}`)).value).toBeDefined();
  });
});

describe('a mistake in a pipeline file is told with its place:', () => {
  it.each([
    ['an empty file', '', ['1:1: the file must be a mapping, not empty']],
    ['no steps', 'name: brief', ['1:1: a pipeline needs "steps": a list of 1 to 64']],
    ['a list of no steps', 'steps: []', ['1:8: "steps" must have 1 to 64 items, not 0']],
    [
      'too many steps',
      steps(...Array.from({ length: 65 }, (_, i) => `{ name: s${i}, capability: x }`)),
      ['2:3: "steps" must have 1 to 64 items, not 65'],
    ],
    ['a step that is text', steps('read'), ['2:5: item 1 must be a mapping, not the text "read"']],
    [
      'a step that is nearly right',
      steps('{ name: a, capabilty: x, capability: x }'),
      ['2:16: unknown key "capabilty" — did you mean "capability"?'],
    ],
    [
      'a step without a name',
      steps('{ capability: x }'),
      ['2:5: the step needs a "name": later steps refer to it by `steps.<name>.output`'],
    ],
    [
      'a step without a capability',
      steps('{ name: a }'),
      ['2:5: the step needs a "capability": the name of what is to be done'],
    ],
    [
      'a name that is taken',
      steps('{ name: a, capability: x }', '{ name: a, capability: y }'),
      ['3:13: an earlier step is called "a" too: each needs a name of its own'],
    ],
    [
      'a ttl in other units',
      step('ttl: 2m'),
      ['2:36: "2m" is no duration: seconds with an s, such as 20s or 0.5s'],
    ],
    [
      'a ttl without a unit',
      step('ttl: 20'),
      ['2:36: "20" is no duration: seconds with an s, such as 20s or 0.5s'],
    ],
    [
      'attachments that are text',
      step('attachments: input'),
      ['2:44: "attachments" must be a list, not the text "input"'],
    ],
    [
      'a number that JSON lacks',
      step('payload: { a: [.nan] }'),
      ['2:46: item 1 must be text, a finite number, true, false or null, not NaN'],
    ],
    [
      'a payload nested too deeply',
      step(`payload: ${'['.repeat(33)}${']'.repeat(33)}`),
      ['2:72: item 1 must be nested less deeply, not a list'],
    ],
    [
      'a payload that holds itself',
      step('payload: &a [*a]'),
      ['2:44: item 1 must be nested less deeply, not a list'],
    ],
  ])('%s', (_, text, mistakes) => {
    expect(read(text)).toEqual({ mistakes: mistakes.map((mistake) => `brief.yaml:${mistake}`) });
  });

  it('a bomb of aliases, before it goes off', () => {
    const lists = Array.from({ length: 10 }, (_, level) => {
      const items = Array(10).fill(level === 0 ? 'x' : `*level${level - 1}`);
      return `&level${level} [${items}]`;
    });
    const { mistakes } = read(step(`payload: [${lists}]`));
    expect(mistakes).toHaveLength(1);
    expect(mistakes?.[0]).toContain('too many aliases: write the values out');
  });

  it.each(['input', '1st', 'the-step', 'a'.repeat(65), '""'])('the name %s', (name) => {
    const { mistakes } = read(steps(`{ name: ${name}, capability: x }`));
    expect(mistakes).toHaveLength(1);
    expect(mistakes?.[0]).toMatch(/^brief\.yaml:2:13: ".*" cannot be a step's name: at most 64/);
  });
});
