// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what templates are made of
import { create, fromJson, type JsonObject } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { RunPipelineRequestSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { runPipeline } from '../../../services/orchestrator/pipeline/run-pipeline.ts';
import { troupeError } from '../../../services/protocol/reason.ts';
import { progressOf, resultOf } from '../../../services/protocol/reply.ts';
import { Code } from '../../../services/rpc/code.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { type Agent, answering, echo, errorInfos, failing, mesh, run } from './mesh.ts';

/** Answers with a number that JSON does not have. */
const notJson: Agent = async function* (task) {
  const payload = create(ValueSchema, { kind: { case: 'numberValue', value: Number.NaN } });
  yield { ...resultOf(task, null), payload };
};

describe('a step that fails', () => {
  const steps = [
    { name: 'first', capability: 'good' },
    { name: 'second', capability: 'bad', payload: '${steps.first.output.a}' },
    { name: 'third', capability: 'good' },
  ];

  it('ends the pipeline, which keeps the earlier outputs, with its step and its cause', async () => {
    const cause = troupeError('NO_LIVE_INSTANCE', 'all are gone', { agent: 'worker' });
    const { dispatch, tasks } = mesh({ good: answering({ a: 1 }), bad: failing(cause) });
    const { error, events, json } = await run(dispatch, { pipeline: { steps } });
    expect(tasks).toHaveLength(2);
    expect(json.at(-1)).toMatchObject({
      finished: { outputs: { first: { a: 1 } }, error: { code: Code.UNAVAILABLE } },
    });
    expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: 'The step second failed: all are gone' });
    expect(errorInfos(error)).toMatchObject([
      { reason: 'STEP_FAILED', domain: 'troupe', metadata: { step: 'second', capability: 'bad' } },
      { reason: 'NO_LIVE_INSTANCE', domain: 'troupe', metadata: { agent: 'worker' } },
    ]);
    const last = events.at(-1)!.event;
    const told = last.case === 'finished' ? last.value.error : undefined;
    expect(told).toEqual(error!.toStatus());
  });

  it.each<[string, Agent, string]>([
    ['an expression without a value', answering({}), 'field not found: a'],
    ['an answer that is no JSON', notJson, 'NaN'],
    ['a task without a RESULT', async function* () {}, 'ended without a RESULT'],
  ])('because of %s says so', async (_, good, problem) => {
    const { dispatch } = mesh({ good, bad: echo });
    const { error, json } = await run(dispatch, { pipeline: { steps } });
    expect(errorInfos(error)[0]).toMatchObject({ reason: 'STEP_FAILED' });
    expect(error?.message).toContain(problem);
    expect(json.at(-1)).toHaveProperty('finished.error');
  });

  it('because its expressions run too long blocks nobody for long', async () => {
    const { dispatch, tasks } = mesh({ echo });
    const endless = { name: 'a', capability: 'echo', payload: '${input.filter(x, -1 in input)}' };
    const input = Array.from({ length: 50_000 }, (_, i) => i);
    const { error } = await run(dispatch, { pipeline: { steps: [endless] }, input });
    expect(error?.message).toContain('ran over 250 ms');
    expect(tasks).toHaveLength(0);
  });

  it('because the outputs no longer fit into one message keeps those that do', async () => {
    const { dispatch } = mesh({ large: answering('x'.repeat(1_500_000)) });
    const large = ['a', 'b', 'c'].map((name) => ({ name, capability: 'large' }));
    const { error, json } = await run(dispatch, { pipeline: { steps: large } });
    expect(errorInfos(error).map(({ reason }) => reason)).toEqual(['STEP_FAILED', 'MESSAGE_TOO_LARGE']);
    const { outputs } = json.at(-1)!.finished as { outputs: JsonObject };
    expect(Object.keys(outputs)).toEqual(['a', 'b']);
  });
});

describe('a pipeline that is not valid', () => {
  it('runs no step and tells no event', async () => {
    const { dispatch, tasks } = mesh({ echo });
    const { error, events } = await run(dispatch, {
      pipeline: {
        steps: [
          { name: 'a', capability: 'echo' },
          { name: 'b', capability: 'echo', task: '${steps.c.output}' },
        ],
      },
    });
    expect(errorInfos(error)).toMatchObject([{ reason: 'INVALID_PIPELINE' }]);
    expect(error?.code).toBe(Code.INVALID_ARGUMENT);
    expect([events, tasks]).toEqual([[], []]);
  });
});

describe('a pipeline that is stopped', () => {
  /** Never answers; ends as its signal says. */
  function waiting(seen: AbortSignal[]): Agent {
    return async function* (_, { signal }) {
      seen.push(signal);
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    };
  }
  const steps = [
    { name: 'a', capability: 'echo' },
    { name: 'b', capability: 'wait' },
    { name: 'c', capability: 'echo' },
  ];

  it('by its caller cancels the step that runs, and runs no other', async () => {
    const signals: AbortSignal[] = [];
    const { dispatch, tasks } = mesh({ echo, wait: waiting(signals) });
    const controller = new AbortController();
    const cancelled = troupeError('TASK_CANCELLED', 'the caller went away');
    const { error, json } = await run(
      dispatch,
      { pipeline: { steps } },
      {
        signal: controller.signal,
        onEvent: ({ event }) => {
          if (event.case === 'stepStarted' && event.value.step === 'b')
            setImmediate(() => controller.abort(cancelled));
        },
      },
    );
    expect(signals[0]!.aborted).toBe(true);
    expect(error).toMatchObject({ code: Code.CANCELLED });
    expect(errorInfos(error).map(({ reason }) => reason)).toEqual(['STEP_FAILED', 'TASK_CANCELLED']);
    expect(json.at(-1)).toMatchObject({ finished: { outputs: { a: {} } } });
    expect(tasks).toHaveLength(2);
  });

  it('before a step begins does not begin it', async () => {
    const { dispatch, tasks } = mesh({ echo });
    const { error } = await run(
      dispatch,
      { pipeline: { steps } },
      { signal: AbortSignal.abort(new Error('gone')) },
    );
    expect(error?.message).toContain('gone');
    expect(tasks).toHaveLength(0);
  });

  it.each<[string, JsonObject, Deadline]>([
    [
      'the ttl of a step',
      { pipeline: { steps: [{ name: 'b', capability: 'wait', ttl: '0.02s' }] } },
      Deadline.never,
    ],
    [
      'its own ttl',
      { pipeline: { steps: [{ name: 'b', capability: 'wait', ttl: '60s' }] }, ttl: '0.02s' },
      Deadline.never,
    ],
    [
      "its caller's deadline",
      { pipeline: { steps: [{ name: 'b', capability: 'wait' }] }, ttl: '60s' },
      Deadline.after(20),
    ],
  ])('by %s cancels the step', async (_, request, deadline) => {
    const signals: AbortSignal[] = [];
    const { dispatch } = mesh({ wait: waiting(signals) });
    const { error } = await run(dispatch, request, { deadline });
    expect(errorInfos(error).map(({ reason }) => reason)).toEqual(['STEP_FAILED', 'TASK_TIMED_OUT']);
    expect(signals[0]!.aborted).toBe(true);
  });

  it('tells a step no later deadline than its own and that of the pipeline', async () => {
    const deadlines: number[] = [];
    const noting: Agent = async function* (task, { deadline }) {
      deadlines.push(deadline.remainingMs);
      yield resultOf(task, null);
    };
    const { dispatch } = mesh({ note: noting });
    const pipeline = {
      steps: [
        { name: 'a', capability: 'note', ttl: '5s' },
        { name: 'b', capability: 'note', ttl: '500s' },
        { name: 'c', capability: 'note' },
      ],
    };
    await run(dispatch, { pipeline, ttl: '50s' });
    await run(dispatch, { pipeline: { steps: [pipeline.steps[2]!] } });
    expect(deadlines.map((ms) => Math.ceil(ms / 1_000))).toEqual([5, 50, 50, 3_600]);
  });

  it('because its reader leaves cancels the step that runs', async () => {
    let left = false;
    const signals: AbortSignal[] = [];
    const endless: Agent = async function* (task, { signal }) {
      signals.push(signal);
      try {
        for (let i = 1; ; i++) yield progressOf(task, i, null);
      } finally {
        left = true;
      }
    };
    const { dispatch } = mesh({ wait: endless });
    const running = runPipeline(
      fromJson(RunPipelineRequestSchema, { pipeline: { steps: [{ name: 'b', capability: 'wait' }] } }),
      { dispatch, signal: new AbortController().signal, deadline: Deadline.never },
    );
    for await (const { event } of running) if (event?.case === 'stepProgressed') break;
    expect(left).toBe(true);
    expect(signals[0]!.aborted).toBe(true);
  });
});
