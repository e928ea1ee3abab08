// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what templates are made of
import { create, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { RunPipelineRequestSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { CheckedStep } from '../../../services/orchestrator/pipeline/check-pipeline.ts';
import { PipelineResults } from '../../../services/orchestrator/pipeline/pipeline-results.ts';
import { runPipeline } from '../../../services/orchestrator/pipeline/run-pipeline.ts';
import { Payload } from '../../../services/protocol/codec/payload.ts';
import { progressOf, resultOf } from '../../../services/protocol/reply.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { type Agent, answering, echo, mesh, run } from './mesh.ts';

describe('a pipeline', () => {
  it('runs its steps in order and tells each start, progress and end, and every output at the end', async () => {
    const working: Agent = async function* (task) {
      yield progressOf(task, 1, { percent: 50 });
      yield resultOf(task, { words: 3 });
    };
    const { dispatch, tasks } = mesh({ write: working, edit: echo });
    const { error, json } = await run(dispatch, {
      pipeline: {
        steps: [
          { name: 'draft', capability: 'write' },
          { name: 'final', capability: 'edit', payload: '${steps.draft.output.words + 1}' },
        ],
      },
    });
    expect(error).toBeUndefined();
    const final = { payload: 4, task: '' };
    expect(json).toMatchObject([
      { stepStarted: { step: 'draft', capability: 'write', messageId: tasks[0]?.id } },
      { stepProgressed: { step: 'draft', message: { payload: { percent: 50 } } } },
      {
        stepFinished: {
          step: 'draft',
          agentId: 'agent-write',
          instanceId: 'instance-write',
          duration: expect.stringMatching(/^[\d.]+s$/),
          output: { words: 3 },
        },
      },
      { stepStarted: { step: 'final', messageId: tasks[1]?.id } },
      { stepFinished: { step: 'final', output: final } },
      { finished: { outputs: { draft: { words: 3 }, final } } },
    ]);
    expect(json.at(-1)).not.toHaveProperty('finished.error');
  });

  it('gives its tasks a sender, one correlation id, an id, a time, the text and the ttl of the step', async () => {
    const { dispatch, tasks } = mesh({ echo });
    const step = { capability: 'echo', task: 'Say ${input}', ttl: '5s' };
    await run(dispatch, {
      pipeline: {
        steps: [
          { ...step, name: 'a' },
          { ...step, name: 'b' },
        ],
      },
      input: 'hi',
      sender: 'me',
      correlationId: 'mine',
    });
    expect(tasks).toHaveLength(2);
    expect(tasks[0]).toMatchObject({
      type: MessageType.TASK,
      sender: 'me',
      correlationId: 'mine',
      receiver: '',
      task: 'Say hi',
      ttl: { seconds: 5n },
    });
    expect(tasks[0]!.timestamp).toBeDefined();
    expect(tasks[0]!.id).not.toBe(tasks[1]!.id);
  });

  it('makes up a correlation id, the same for all its tasks, and is anonymous, where the request is silent', async () => {
    const { dispatch, tasks } = mesh({ echo });
    const steps = ['a', 'b'].map((name) => ({ name, capability: 'echo' }));
    await run(dispatch, { pipeline: { steps } });
    expect(tasks[0]!.correlationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(tasks[1]!.correlationId).toBe(tasks[0]!.correlationId);
    expect(tasks[0]!.sender).toBe('anonymous');
  });

  it.each<[JsonValue, JsonValue]>([
    ['${input.n}', 1.5],
    ['${input}', { n: 1.5, list: [1, 'two', null], text: 'x' }],
    ['${input.list}', [1, 'two', null]],
    ['n is ${input.n}', 'n is 1.5'],
    ['list is ${input.list}', 'list is [1,"two",null]'],
    [{ a: ['${input.text}', 5, { b: '${input.list[2]}' }] }, { a: ['x', 5, { b: null }] }],
    ['$${input.n}', '${input.n}'],
    [{ '${input.n}': 1 }, { '${input.n}': 1 }],
    [null, null],
    [7, 7],
  ])('fills in %j', async (payload, expected) => {
    const { dispatch, tasks } = mesh({ echo });
    const input = { n: 1.5, list: [1, 'two', null], text: 'x' };
    await run(dispatch, { pipeline: { steps: [{ name: 'a', capability: 'echo', payload }] }, input });
    expect(fromValue(tasks[0]!.payload)).toEqual(expected);
  });

  it('puts a value that is no text into the text of a task as JSON', async () => {
    const { dispatch, tasks } = mesh({ echo });
    await run(dispatch, {
      pipeline: { steps: [{ name: 'a', capability: 'echo', task: '${input}' }] },
      input: [1],
    });
    expect(tasks[0]!.task).toBe('[1]');
  });

  it('keeps the output of a step whatever it is called', async () => {
    const { dispatch } = mesh({ echo: answering('kept') });
    const names = ['constructor', 'toString', 'in'];
    const { events } = await run(dispatch, {
      pipeline: {
        steps: [
          ...names.map((name) => ({ name, capability: 'echo' })),
          { name: 'last', capability: 'echo', payload: '${steps.constructor.output + steps["in"].output}' },
        ],
      },
    });
    const { event } = events.at(-1)!;
    const outputs = event.case === 'finished' ? event.value.outputs : {};
    expect(Object.keys(outputs).sort()).toEqual([...names, 'last'].sort());
  });
});

describe('a pipeline that waits for its agents', () => {
  it('lets go of its request, and holds what it still needs of it encoded', async () => {
    const { dispatch, tasks } = mesh({ echo });
    const payload = { all: '${input}', first: ['${input[0]}'] };
    const request = fromJson(RunPipelineRequestSchema, {
      pipeline: { steps: [{ name: 'one', capability: 'echo', payload }] },
      input: [1, {}],
    });
    const running = runPipeline(request, {
      dispatch,
      signal: new AbortController().signal,
      deadline: Deadline.never,
    });
    const { value } = await running.next();
    expect(value?.event?.case).toBe('stepStarted');
    expect([request.pipeline, request.input]).toEqual([undefined, undefined]);
    for await (const _ of running);
    expect(tasks[0]!.payload).toBeInstanceOf(Payload);
    expect(fromValue(tasks[0]!.payload)).toEqual({ all: [1, {}], first: [1] });
  });

  it('holds no attachments of a step that no step refers to', () => {
    const steps = [{ attachments: [{ source: 'one' }] }] as unknown as CheckedStep[];
    const results = new PipelineResults(steps, [], undefined);
    const { attachments } = create(AgentMessageSchema, { attachments: [{ name: 'a.md' }] });
    for (const step of ['one', 'two']) results.add(step, create(AgentMessageSchema, { attachments }));
    expect([...results.attachments.keys()]).toEqual(['input', 'one']);
    expect(results.lastAttachments).toEqual(attachments);
  });
});

describe('the attachments of a pipeline', () => {
  const attachments = [
    { name: 'a.md', data: 'YQ==' },
    { name: 'b.md', uri: 'http://b' },
  ];
  const writing = answering(null, {
    attachments: [
      create(AgentMessageSchema, { attachments: [{ name: 'draft.md' }, { name: 'a.md' }] }),
    ].flatMap((message) => message.attachments),
  });
  it.each<[string[], string[]]>([
    [[], []],
    [['input'], ['a.md', 'b.md']],
    [['input/b.md'], ['b.md']],
    [['draft'], ['draft.md', 'a.md']],
    [
      ['draft/draft.md', 'input'],
      ['draft.md', 'a.md', 'b.md'],
    ],
    [
      ['input', 'input/a.md', 'input'],
      ['a.md', 'b.md'],
    ],
  ])('%j are passed on', async (references, expected) => {
    const { dispatch, tasks } = mesh({ write: writing, echo });
    const { events } = await run(dispatch, {
      pipeline: {
        steps: [
          { name: 'draft', capability: 'write' },
          { name: 'last', capability: 'echo', attachments: references },
        ],
      },
      attachments,
    });
    expect(tasks[1]!.attachments.map(({ name }) => name)).toEqual(expected);
    const last = events.at(-1)!.event;
    expect(last.case === 'finished' && last.value.attachments.map(({ name }) => name)).toEqual(expected);
  });

  it.each([
    [['draft/nobody.md'], 'draft has no attachment nobody.md: it has draft.md, a.md'],
    [['draft', 'input'], 'Two different attachments are called a.md'],
  ])('%j fail the step', async (references, problem) => {
    const { dispatch } = mesh({ write: writing, echo });
    const steps = [
      { name: 'draft', capability: 'write' },
      { name: 'last', capability: 'echo', attachments: references },
    ];
    const { error } = await run(dispatch, { pipeline: { steps }, attachments });
    expect(error?.message).toContain(problem);
  });
});
