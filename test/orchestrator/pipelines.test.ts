// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the subject is expressions in text.
import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../gen/troupe/v1/pipeline_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { AGENT_WAYS, collect, describeFailure, failure, TestMesh } from './test-mesh.ts';

const words: AgentDefinition = {
  id: 'words',
  capabilities: {
    'words.split': {
      handle(text: string, task) {
        task.progress('splitting');
        return text.split(' ');
      },
    },
    'words.count': { input: { type: 'array' }, handle: (list: string[]) => ({ count: list.length }) },
    'words.never': { handle: () => new Promise<never>(() => {}) },
    'words.fail': {
      handle() {
        throw new Error('no more words');
      },
    },
  },
};

const split = { name: 'split', capability: 'words.split', payload: toValue('${input.text}') };
const count = { name: 'count', capability: 'words.count', payload: toValue('${steps.split.output}') };

/** Reads a stream to its end, which may be a failure. */
async function run(events: AsyncIterable<{ event?: PipelineEvent }>) {
  const seen: PipelineEvent['event'][] = [];
  try {
    for await (const { event } of events) seen.push(event!.event);
    return { seen };
  } catch (error) {
    return { seen, error: error as RpcError };
  }
}

describe.each(AGENT_WAYS)('RunPipeline, of agents by %s,', (agents) => {
  const mesh = new TestMesh({ agents });

  it('tells each step, and holds every output in its last event', async () => {
    const { rpc, knows } = await mesh.joinedBy(words);
    const input = toValue({ text: 'to be or not' });
    const request = { pipeline: { steps: [split, count] }, input, sender: 'me', correlationId: 'run-1' };
    const { seen, error } = await run(rpc.runPipeline(request));
    expect(error).toBeUndefined();
    expect(seen.map((event) => event.case)).toEqual([
      'stepStarted',
      // Handle carries no PROGRESS.
      ...(agents === 'Link' ? ['stepProgressed'] : []),
      'stepFinished',
      'stepStarted',
      'stepFinished',
      'finished',
    ]);
    const last = seen.at(-1);
    if (last?.case !== 'finished') throw new Error('unreachable');
    const outputs = Object.entries(last.value.outputs).map(([name, value]) => [name, fromValue(value)]);
    expect(Object.fromEntries(outputs)).toEqual({ split: ['to', 'be', 'or', 'not'], count: { count: 4 } });
    const finished = seen.find((event) => event.case === 'stepFinished');
    const { instanceId } = (await knows('words')).instances[0]!;
    expect(finished?.value).toMatchObject({ agentId: 'words', instanceId });
    const { records } = await rpc.listMessages({ filter: { correlationId: 'run-1' } });
    expect(records.map(({ message }) => message?.capability).sort()).toEqual(['words.count', 'words.split']);
  });

  it.each([
    ['fails', { name: 'bad', capability: 'words.fail' }, 'UNKNOWN / STEP_FAILED', 'HANDLER_FAILED'],
    [
      'refuses its input',
      { name: 'bad', capability: 'words.count', payload: toValue('${input.text}') },
      'INVALID_ARGUMENT / STEP_FAILED',
      'INVALID_PAYLOAD',
    ],
    [
      'cannot be worked on in time',
      { name: 'bad', capability: 'words.never', payload: toValue('x'), ttl: { nanos: 200_000_000 } },
      'DEADLINE_EXCEEDED / STEP_FAILED',
      'TASK_TIMED_OUT',
    ],
  ])('ends at a step that %s, with the outputs of those before it', async (_, bad, expected, cause) => {
    const { rpc } = await mesh.joinedBy(words);
    const request = { pipeline: { steps: [split, bad, count] }, input: toValue({ text: 'a b' }) };
    const { seen, error } = await run(rpc.runPipeline(request));
    expect(describeFailure(error!)).toBe(expected);
    expect(errorInfoOf(error!)?.metadata.step).toBe('bad');
    const last = seen.at(-1);
    if (last?.case !== 'finished') throw new Error('unreachable');
    expect(Object.keys(last.value.outputs)).toEqual(['split']);
    const told = RpcError.fromStatus(last.value.error!);
    expect(describeFailure(told)).toBe(expected);
    // The cause's own ErrorInfo follows.
    expect(JSON.stringify(told.details.map(({ value }) => Buffer.from(value).toString()))).toContain(cause);
  });

  it('stops the step that runs when its caller leaves', async () => {
    const stopped = Promise.withResolvers<void>();
    const handle = (_: never, { signal }: { signal: AbortSignal }) =>
      new Promise<null>((resolve) => {
        signal.addEventListener('abort', () => {
          stopped.resolve();
          resolve(null);
        });
      });
    const definition = { id: 'endless', capabilities: { 'endless.work': { handle } } };
    const orchestrator = await mesh.joinedBy(definition);
    const pipeline = { steps: [{ name: 'one', capability: 'endless.work' }] };
    for await (const _ of orchestrator.rpc.runPipeline({ pipeline })) break;
    await stopped.promise;
  });

  it('asks for nothing before the whole pipeline was found to be right', async () => {
    const { rpc } = await mesh.joinedBy(words);
    const steps = [split, { ...count, payload: toValue('${steps.later.output}') }];
    expect(
      await failure(collect(rpc.runPipeline({ pipeline: { steps }, input: toValue({ text: 'x' }) }))),
    ).toBe('INVALID_ARGUMENT / INVALID_PIPELINE');
    expect((await rpc.listMessages({})).records).toEqual([]);
  });
});
