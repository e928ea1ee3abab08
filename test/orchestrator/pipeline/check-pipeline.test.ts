// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what templates are made of
import { create, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { RunPipelineRequestSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { namesOf } from '../../../services/orchestrator/pipeline/attachment-reference.ts';
import { checkPipeline } from '../../../services/orchestrator/pipeline/check-pipeline.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

type Step = Record<string, JsonValue | undefined>;

const draft: Step = { name: 'draft', capability: 'text.write' };

function request(steps: Step[], rest: Record<string, JsonValue> = {}) {
  return fromJson(RunPipelineRequestSchema, {
    pipeline: { name: 'test', steps: steps as JsonValue },
    ...rest,
  });
}

/** Every violation as `field: description`. */
async function violations(of: Parameters<typeof checkPipeline>[0]): Promise<string[]> {
  const error = await checkPipeline(of).then(
    () => undefined,
    (thrown) => thrown,
  );
  if (error === undefined) return [];
  if (!(error instanceof RpcError)) throw error;
  expect(reasonOf(error)).toBe('INVALID_PIPELINE');
  const found = error.detail(BadRequestSchema)?.fieldViolations ?? [];
  return found.map(({ field, description }) => `${field}: ${description}`);
}

describe('a pipeline that can be run', () => {
  it('may refer to its input and to earlier steps, anywhere in its texts', async () => {
    const steps = [
      {
        ...draft,
        payload: { title: '${input.title}', not: '$${this}' },
        attachments: ['input', 'input/a.md'],
      },
      {
        name: 'edit',
        capability: 'text.edit',
        task: 'Edit ${steps.draft.output.title}',
        payload: [{ deep: ['${steps.draft.output}'] }],
        ttl: '5s',
        attachments: ['draft', 'draft/some/path.md', 'input'],
      },
    ];
    expect(await violations(request(steps, { attachments: [{ name: 'a.md' }], ttl: '60s' }))).toEqual([]);
  });

  it('may have 64 steps', async () => {
    const steps = Array.from({ length: 64 }, (_, i) => ({ ...draft, name: `s${i}` }));
    expect(await violations(request(steps))).toEqual([]);
  });
});

describe('a pipeline that cannot be run is refused', () => {
  const later: Step = { name: 'edit', capability: 'text.edit' };
  it.each<[string, Step[], string]>([
    ['no steps', [], 'steps: are missing'],
    [
      '65 steps',
      Array.from({ length: 65 }, (_, i) => ({ ...draft, name: `s${i}` })),
      'steps: are 65; at most 64',
    ],
    ['no name', [{ capability: 'a' }], 'steps[0].name: must be 1 to 64'],
    ['a digit first', [{ ...draft, name: '1a' }], 'steps[0].name: must be 1 to 64'],
    ['a dash', [{ ...draft, name: 'a-b' }], 'steps[0].name: must be 1 to 64'],
    ['65 characters', [{ ...draft, name: 'a'.repeat(65) }], 'steps[0].name: must be 1 to 64'],
    ['a step called input', [{ ...draft, name: 'input' }], 'steps[0].name: is input'],
    ['a step called __proto__', [{ ...draft, name: '__proto__' }], 'steps[0].name: is __proto__'],
    ['a name twice', [draft, later, draft], 'steps[2].name: is draft, as steps[0] is'],
    ['no capability', [{ name: 'draft' }], 'steps[0].capability: is empty'],
    ['a negative ttl', [{ ...draft, ttl: '-1s' }], 'steps[0].ttl: must be more than zero'],
    ['a ttl of zero', [{ ...draft, ttl: '0s' }], 'steps[0].ttl: must be more than zero'],
    [
      'an unknown step',
      [draft, { ...later, payload: { title: '${steps.draff.output}' } }],
      'steps[1].payload.title: refers to the step draff, which there is not: did you mean draft?',
    ],
    [
      'a quite unknown step',
      [draft, { ...later, task: '${steps.elsewhere.output}' }],
      'steps[1].task: refers to the step elsewhere, which there is not',
    ],
    [
      'a later step',
      [{ ...draft, payload: ['${steps.edit.output}'] }, later],
      'steps[0].payload[0]: refers to the step edit, which runs later',
    ],
    [
      'itself',
      [{ ...draft, payload: '${steps.draft.output}' }],
      'steps[0].payload: refers to the step draft itself',
    ],
    [
      'what does not parse',
      [{ ...draft, payload: { a: '${input +}' } }],
      'steps[0].payload.a: ${input +}: line 1, column 7, offset 6',
    ],
    [
      'what is not closed',
      [{ ...draft, task: 'a ${input' }],
      'steps[0].task: the expression at offset 2 is not closed',
    ],
    [
      'a macro in a macro',
      [{ ...draft, payload: '${input.map(a, input.map(b, b))}' }],
      'steps[0].payload: ${input.map(a, input.map(b, b))}: line 1',
    ],
    [
      'attachments of an unknown step',
      [{ ...draft, attachments: ['inputs'] }],
      'steps[0].attachments[0]: refers to the step inputs',
    ],
    [
      'attachments of a later step',
      [{ ...draft, attachments: ['edit/a.md'] }, later],
      'steps[0].attachments[0]: refers to the step edit, which runs later',
    ],
    [
      'an attachment that the input has not',
      [{ ...draft, attachments: ['input/b.md'] }],
      'steps[0].attachments[0]: the input has no attachment b.md: it has a.md',
    ],
    [
      'an attachment without a name',
      [draft, { ...later, attachments: ['draft/'] }],
      'steps[1].attachments[0]: names no attachment',
    ],
  ])('%s', async (_, steps, violation) => {
    const found = await violations(request(steps, { attachments: [{ name: 'a.md' }] }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(violation);
  });

  it('no pipeline at all', async () => {
    expect(await violations(create(RunPipelineRequestSchema))).toEqual([
      'steps: are missing: a pipeline has at least one',
    ]);
  });

  it('a negative ttl of the whole', async () => {
    expect(await violations(request([draft], { ttl: '-1s' }))).toEqual(['ttl: must be more than zero']);
  });

  it('NaN in the input or a payload', async () => {
    const bad = request([draft]);
    bad.input = { $typeName: 'google.protobuf.Value', kind: { case: 'numberValue', value: Number.NaN } };
    bad.pipeline!.steps[0]!.payload = bad.input;
    expect(await violations(bad)).toMatchObject([
      expect.stringContaining('input: '),
      expect.stringContaining('steps[0].payload: '),
    ]);
  });

  it('over 64 KiB of expressions', async () => {
    const payload = Array.from({ length: 70 }, (_, i) => `\${"${String(i).padEnd(1_000)}"}`);
    expect(await violations(request([{ ...draft, payload }]))).toMatchObject([
      expect.stringContaining('steps: hold over 65536 bytes of expressions'),
    ]);
  });

  it('over 256 references to attachments in a step, or 256 attachments, which are not looked into', async () => {
    const many = Array.from({ length: 257 }, () => 'input/-');
    const attachments = Array.from({ length: 257 }, (_, i) => ({ name: `${i}.md` }));
    expect(await violations(request([draft, { ...later, attachments: many }], { attachments }))).toEqual([
      'attachments: are 257; at most 256 are allowed',
      'steps[1].attachments: are 257; at most 256 are allowed',
    ]);
    const most = { attachments: attachments.slice(1) };
    expect(
      await violations(request([{ ...draft, attachments: Array(256).fill('input/1.md') }], most)),
    ).toEqual([]);
  });

  it('without telling all of very many names', async () => {
    const attachments = Array.from({ length: 256 }, (_, i) => ({ name: `${i}.`.padEnd(100, 'x') }));
    const bad = request([{ ...draft, attachments: ['input/-'] }], { attachments });
    const error = await checkPipeline(bad).catch((thrown) => thrown);
    expect(error.message).toContain('the input has no attachment -: it has 0.');
    expect(namesOf(bad.attachments)).toMatch(/^it has (\d\.x+…, ){9}9\.x+… and 246 more$/);
  });

  it('once 32 things are wrong with it, and no further ones are looked for', async () => {
    const attachments = Array.from({ length: 256 }, () => 'inputs');
    const error = await checkPipeline(request([{ ...draft, attachments }])).catch((thrown) => thrown);
    expect(error.message).toContain('(and at least 31 more)');
    const texts = Array.from({ length: 100 }, () => '${');
    const other = await checkPipeline(request([{ ...draft, payload: texts }])).catch((thrown) => thrown);
    expect(other.message).toContain('(and at least 31 more)');
  });

  it('with everything that is wrong with it, not only the first', async () => {
    const steps = [
      { name: '', task: '${' },
      { ...draft, payload: '${nobody}' },
    ];
    expect(await violations(request(steps))).toHaveLength(4);
  });
});
