import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import type { AgentDefinition, TaskContext } from '../../services/agent/index.ts';
import { serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue, type JsonValue } from '../../services/protocol/value.ts';
import { agentWithoutLink, orchestratorWithoutLink } from '../orchestrator/without-link.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { DOORS, served } from './agents.ts';

/** How agents take their tasks, and how they reach the orchestrator with their own. */
const ways = [
  { takes: 'Link', asks: 'over a link' },
  { takes: 'Handle', asks: 'over a link' },
  { takes: 'Link', asks: 'without a link' },
  { takes: 'Handle', asks: 'without a link' },
] as const;

/** An orchestrator, a caller, and agents that have announced themselves. */
async function meshBy({ takes, asks }: (typeof ways)[number], agents: readonly AgentDefinition[]) {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const plain = await orchestratorWithoutLink(orchestrator.address);
  const troupe = new Troupe(orchestrator.address, { id: 'caller' });
  const orchestrators = [asks === 'over a link' ? orchestrator.address : plain.address];
  const serve = { Handle: agentWithoutLink, Link: serveAgent }[takes];
  const running = await Promise.all(agents.map((agent) => serve(agent, { orchestrators })));
  onTestFinished(async () => {
    troupe.close();
    await Promise.all(running.map((agent) => agent.close()));
    await plain.close();
    await orchestrator.close();
  });
  return troupe;
}

const agent = (id: string, handle: (input: never, task: TaskContext) => Promise<JsonValue> | JsonValue) => ({
  id,
  capabilities: { [id]: { handle } },
});

describe.each(DOORS)('What a handler over %s has of its task', (door) => {
  it('is the whole message, and the time that remains', async () => {
    const seen = Promise.withResolvers<TaskContext>();
    const { ask } = await served({
      capabilities: {
        look: {
          handle: (_, task) => {
            seen.resolve(task);
            return null;
          },
        },
      },
    });
    await ask[door]({ task: 'Look.', headers: { traceparent: '00-1' }, ttl: msToDuration(5000) });
    const { message, remainingMs } = await seen.promise;
    expect(message).toMatchObject({
      task: 'Look.',
      sender: 'test',
      receiver: 'tested',
      headers: { traceparent: '00-1' },
    });
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(5000);
  });

  it('is a logger whose lines say which task they are about', async () => {
    const lines: Record<string, unknown>[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const say = { handle: (_: never, task: TaskContext) => task.log.info('working') ?? null };
    const { ask } = await served({ capabilities: { say } }, { log });
    await ask[door]({ id: 'one', capability: 'say', payload: 'secret' });
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'working', task: 'one', capability: 'say' }));
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('is a way to attach documents to its RESULT', async () => {
    const document = {
      name: 'a.md',
      mediaType: 'text/markdown',
      content: { case: 'data' as const, value: Buffer.from('#') },
    };
    const { ask } = await served({
      capabilities: {
        write: {
          handle: (_, task) => {
            task.attach(document);
            task.attach({ name: 'b', content: { case: 'uri', value: 'https://example.org/b' } });
            return task.attachments.length;
          },
        },
      },
    });
    const reply = await ask[door]({});
    expect(fromValue(reply?.payload)).toBe(2);
    expect(reply?.attachments).toMatchObject([document, { name: 'b' }]);
  });

  it.each<[string, (task: TaskContext) => Promise<unknown>]>([
    ['call others', (task) => task.call('anything', null)],
    ['share state', (task) => task.state.get('key')],
  ])('is no way to %s where no orchestrator is configured', async (_, attempt) => {
    const { ask } = await served({
      capabilities: { try: { handle: async (_, task) => (await attempt(task)) as null } },
    });
    expect(await reasonIn(ask[door]({}))).toBe('NO_ORCHESTRATOR');
  });
});

/** The doors, and whether PROGRESS comes out of them: Handle carries none. */
const tellers = [
  { door: 'Link', tells: true },
  { door: 'Handle', tells: false },
] as const;

describe.each(tellers)('The PROGRESS of a task over $door', ({ door, tells }) => {
  it(`${tells ? 'comes in order, numbered from 1, before the RESULT, and none' : 'is not told, nor'} when the task has ended`, async () => {
    let late = () => {};
    const { ask } = await served({
      capabilities: {
        count: {
          handle: (_, task) => {
            for (let n = 1; n <= 3; n++) task.progress({ n });
            expect(() => task.progress(Number.NaN)).toThrow('NaN');
            task.progress({ n: 4 });
            late = () => task.progress('late');
            return 'done';
          },
        },
      },
    });
    const heard: unknown[] = [];
    const onProgress = ({ sequence, payload }: AgentMessage) =>
      void heard.push([sequence, fromValue(payload)]);
    expect(fromValue((await ask[door]({}, { onProgress }))?.payload)).toBe('done');
    late();
    await ask[door]({});
    expect(heard).toEqual(tells ? [1, 2, 3, 4].map((n) => [n, { n }]) : []);
  });
});

describe.each(ways)('A task by $takes that calls another agent $asks', (way) => {
  const mesh = (...agents: AgentDefinition[]) => meshBy(way, agents);

  it('gives it its own headers, one hop more, and less time than it has itself', async () => {
    const troupe = await mesh(
      agent('outer', async (_, task) => {
        const { payload } = await task.call('inner', 'in');
        return [task.remainingMs, payload];
      }),
      agent('inner', (input, { message, remainingMs }) => [
        input,
        message.sender,
        message.hops,
        message.headers,
        remainingMs,
      ]),
    );
    const { payload } = await troupe.dispatch('outer', null, {
      timeoutMs: 8000,
      headers: { baggage: 'a=1' },
    });
    const [, [input, sender, hops, headers, innerMs]] = payload as [number, JsonValue[]];
    expect([input, sender, hops, headers]).toEqual(['in', 'outer', 1, { baggage: 'a=1' }]);
    expect(innerMs).toBeLessThanOrEqual(8000 - 50);
  });

  it('cancels it with itself', async () => {
    const cancelled = Promise.withResolvers<string | undefined>();
    const started = Promise.withResolvers<void>();
    const troupe = await mesh(
      agent('outer', async (_, task) => (await task.call('inner', null)).payload),
      agent('inner', (_, { signal }) => {
        signal.addEventListener('abort', () => cancelled.resolve(reasonOf(signal.reason)));
        started.resolve();
        return new Promise(() => {});
      }),
    );
    const controller = new AbortController();
    const asked = troupe.dispatch('outer', null, { signal: controller.signal });
    await started.promise;
    controller.abort();
    expect(await reasonIn(asked)).toBe('TASK_CANCELLED');
    expect(await cancelled.promise).toBe('TASK_CANCELLED');
  });

  it('may give it less time, or cancel it alone', async () => {
    const troupe = await mesh(
      agent('outer', async (_, task) => {
        const short = await failureOf(task.call('inner', null, { timeoutMs: 40 }));
        const alone = await failureOf(task.call('inner', null, { signal: AbortSignal.timeout(40) }));
        return [reasonOf(short)!, reasonOf(alone)!, task.signal.aborted];
      }),
      agent('inner', () => new Promise(() => {})),
    );
    expect((await troupe.dispatch('outer', null)).payload).toEqual([
      'TASK_TIMED_OUT',
      'TASK_TIMED_OUT',
      false,
    ]);
  });

  it('fails with its error as it is', async () => {
    const troupe = await mesh(
      agent('outer', async (_, task) => (await task.call('inner', null)).payload),
      agent('inner', () => {
        throw new Error('inner boom');
      }),
    );
    const error = await failureOf(troupe.dispatch('outer', null));
    expect(reasonOf(error)).toBe('HANDLER_FAILED');
    expect(error.message).toContain('inner boom');
  });

  it('ends HOP_LIMIT when 16 agents have passed the work on in a ring', async () => {
    let passed = 0;
    const ask = (next: string) => async (_: never, task: TaskContext) => {
      passed++;
      return (await task.call(next, null)).payload;
    };
    const troupe = await mesh(agent('ping', ask('pong')), agent('pong', ask('ping')));
    expect(await reasonIn(troupe.dispatch('ping', null))).toBe('HOP_LIMIT');
    expect(passed).toBe(17);
  });

  it('shares state with it', async () => {
    const troupe = await mesh(
      agent('outer', async (_, task) => {
        await task.state.set('notes/1', { by: 'outer' });
        await task.call('inner', null);
        return (await task.state.get('notes/1'))?.value ?? null;
      }),
      agent('inner', async (_, task) => {
        const { revision } = (await task.state.get('notes/1'))!;
        await task.state.set('notes/1', { by: 'inner' }, { ifRevision: revision });
        return null;
      }),
    );
    expect((await troupe.dispatch('outer', null)).payload).toEqual({ by: 'inner' });
    const { agents } = await (await troupe.reach()).orchestrator.checkHealth({});
    expect(agents).toEqual({ outer: AgentStatus.IDLE, inner: AgentStatus.IDLE });
  });
});
