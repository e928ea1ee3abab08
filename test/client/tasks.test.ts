import { describe, expect, it } from 'vitest';
import { type AgentDefinition, type TaskContext, troupeError } from '../../services/agent/index.ts';
import type { TaskEvent } from '../../services/client/index.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { Code } from '../../services/rpc/code.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { caller, mesh as meshOf, withoutLink, worker } from './mesh.ts';

/** Reads a stream to its end: the events in short, and how it ended. */
async function read(events: AsyncIterable<TaskEvent>) {
  const heard: unknown[] = [];
  for await (const event of events) heard.push(event.type === 'progress' ? event.sequence : event.payload);
  return heard;
}

/** An agent that tells PROGRESS until it is stopped, and why it was. */
function flood() {
  const stopped = Promise.withResolvers<string | undefined>();
  const { capabilities, ...rest } = worker();
  const handle = async (_: never, task: TaskContext) => {
    const { signal } = task;
    signal.addEventListener('abort', () => stopped.resolve(reasonOf(signal.reason)));
    while (!signal.aborted) {
      task.progress('x'.repeat(4000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return null;
  };
  return {
    definition: { ...rest, capabilities: { ...capabilities, flood: { handle } } },
    stopped: stopped.promise,
  };
}

/** The callers of an orchestrator at an address: where it serves a link, and where it serves none. */
const callers = {
  'over a link': async (address: string) => address,
  'without a link': async (address: string) => (await withoutLink(address)).address,
};

/** The ways of a task: what holds on one holds on all, but that Handle carries no PROGRESS. */
const ways = [
  { caller: 'over a link', agent: 'Link', tellsProgress: true },
  { caller: 'without a link', agent: 'Link', tellsProgress: true },
  { caller: 'over a link', agent: 'Handle', tellsProgress: false },
  { caller: 'without a link', agent: 'Handle', tellsProgress: false },
] as const;

describe.each(ways)('A task $caller, to an agent by $agent,', ({ caller: from, agent, tellsProgress }) => {
  const mesh = (definition?: AgentDefinition) => meshOf(definition, agent);
  const reach = callers[from];

  it('is dispatched by its capability, and answered with its result', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address), { id: 'tester' });
    const result = await troupe.dispatch('count', { to: 3 });
    expect(result).toMatchObject({
      payload: 3,
      agent: 'worker',
      attempt: 1,
      attachments: [{ name: 'count.txt' }],
    });
    expect(result.message.receiver).toBe('tester');
  });

  it('is sent to the agent that it names', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    expect((await troupe.send('worker', 'hello', { capability: 'echo' })).payload).toBe('hello');
    // It is waited for, in case it is on its way, but not for as long as the task may live.
    expect(await reasonIn(troupe.send('nobody', null, { timeoutMs: 5_000 }))).toBe('AGENT_NOT_FOUND');
  });

  it('streams its progress in order, and its result last', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    const progress = tellsProgress ? [1, 2, 3] : [];
    expect(await read(troupe.dispatchStream('count', { to: 3 }))).toEqual([...progress, 3]);
  });

  it("fails with the agent's own words, also where it is streamed", async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    const error = await failureOf(troupe.dispatch('fail', null));
    expect(reasonOf(error)).toBe('HANDLER_FAILED');
    expect(error.message).toContain('boom');
    expect(await reasonIn(read(troupe.dispatchStream('fail', null)))).toBe('HANDLER_FAILED');
  });

  it('ends TASK_TIMED_OUT when its time is up', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    await troupe.dispatch('echo', null);
    expect(await reasonIn(troupe.dispatch('hang', null, { timeoutMs: 60 }))).toBe('TASK_TIMED_OUT');
  });

  it('that is cancelled ends with the reason that it was cancelled for, and is cancelled at the agent', async () => {
    const stopped = Promise.withResolvers<string | undefined>();
    const started = Promise.withResolvers<void>();
    const { address } = await mesh(
      worker(({ signal }) => {
        signal.addEventListener('abort', () => stopped.resolve(reasonOf(signal.reason)));
        started.resolve();
      }),
    );
    const troupe = caller(await reach(address));
    const controller = new AbortController();
    const asked = failureOf(troupe.dispatch('hang', null, { signal: controller.signal }));
    await started.promise;
    controller.abort(troupeError('TASK_CANCELLED', 'Changed my mind.'));
    expect((await asked).message).toBe('Changed my mind.');
    expect(await stopped.promise).toBe('TASK_CANCELLED');
  });

  it('whose orchestrator is lost is INSTANCE_LOST', async () => {
    const started = Promise.withResolvers<void>();
    const { address, orchestrator } = await mesh(worker(() => started.resolve()));
    const asked = reasonIn(caller(await reach(address)).dispatch('hang', null));
    await started.promise;
    await orchestrator.close();
    expect(await asked).toBe('INSTANCE_LOST');
  });

  it('whose agent is lost is INSTANCE_LOST', async () => {
    const started = Promise.withResolvers<void>();
    const { address, agent: worked } = await mesh(worker(() => started.resolve()));
    const asked = reasonIn(caller(await reach(address)).dispatch('hang', null));
    await started.promise;
    await worked.close();
    expect(await asked).toBe('INSTANCE_LOST');
  });

  it('whose time is up before it is sent is DEADLINE_EXCEEDED', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    await troupe.dispatch('echo', null);
    expect((await failureOf(troupe.dispatch('echo', 1, { timeoutMs: 0 }))).code).toBe(Code.DEADLINE_EXCEEDED);
    expect(await reasonIn(troupe.dispatch('echo', 1, { timeoutMs: 0 }))).toMatch(
      /^(MESSAGE_EXPIRED|TASK_TIMED_OUT)$/,
    );
  });

  it('that is cancelled before it is sent is TASK_CANCELLED, and never worked on', async () => {
    const { address, agent: worked } = await mesh();
    const troupe = caller(await reach(address));
    await troupe.dispatch('echo', null);
    const signal = AbortSignal.abort();
    expect(await reasonIn(troupe.dispatch('echo', 1, { signal }))).toBe('TASK_CANCELLED');
    expect(worked.history).toHaveLength(1);
  });

  it('that breaks a rule of the contract is refused for it', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    const headers = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`h${n}`, '']));
    expect(await reasonIn(troupe.dispatch('echo', 1, { headers }))).toBe('INVALID_MESSAGE');
    const attachments = [{ name: 'a' }, { name: 'a' }];
    expect(await reasonIn(troupe.dispatch('echo', 1, { attachments }))).toBe('INVALID_MESSAGE');
  });

  it('that is too large is refused before it is sent', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    await troupe.dispatch('echo', null);
    expect(await reasonIn(troupe.dispatch('echo', 'x'.repeat(4 * 1024 * 1024)))).toBe('MESSAGE_TOO_LARGE');
  });

  it('whose payload is no JSON is refused before it is sent', async () => {
    const troupe = caller(await reach('127.0.0.1:1'));
    expect(await reasonIn(troupe.dispatch('echo', Number.NaN))).toBe('INVALID_PAYLOAD');
  });

  it('may be given any time at all: more than an hour is an hour', async () => {
    const { address } = await mesh();
    const troupe = caller(await reach(address));
    const { payload } = await troupe.dispatch('echo', 1, { timeoutMs: Number.POSITIVE_INFINITY });
    expect(payload).toBe(1);
  });
});

describe.each(ways.filter(({ tellsProgress }) => tellsProgress))(
  'A task $caller, whose PROGRESS its agent tells,',
  ({ caller: from }) => {
    const reach = callers[from];

    it('whose stream is left is cancelled at the agent', async () => {
      const stopped = Promise.withResolvers<string | undefined>();
      const { address } = await meshOf(
        worker(({ signal }) =>
          signal.addEventListener('abort', () => stopped.resolve(reasonOf(signal.reason))),
        ),
      );
      const troupe = caller(await reach(address));
      for await (const event of troupe.dispatchStream('hang', null)) {
        expect(event).toEqual({ type: 'progress', payload: 'hanging', sequence: 1 });
        break;
      }
      expect(await stopped.promise).toBe('TASK_CANCELLED');
    });

    it('and nobody reads, ends SLOW_READER, and is cancelled at the agent', async () => {
      const flooding = flood();
      const { address } = await meshOf(flooding.definition);
      const troupe = caller(await reach(address));
      const events = troupe.dispatchStream('flood', null);
      await events.next();
      expect(await flooding.stopped).toMatch(/^(SLOW_READER|TASK_CANCELLED)$/);
      expect(await reasonIn(read(events))).toBe('SLOW_READER');
      // Whoever else asks is not the slower for it.
      expect((await troupe.dispatch('echo', 1)).payload).toBe(1);
    });
  },
);

it.each(Object.entries(callers))('A caller %s may ask for any number of tasks', async (_, reach) => {
  const { address } = await meshOf();
  const troupe = caller(await reach(address));
  // More than a server lets one connection reset: none may end by a reset.
  for (let round = 0; round < 30; round++) {
    const asked = Array.from({ length: 50 }, (_, n) => troupe.dispatch('echo', n));
    expect((await Promise.all(asked)).map(({ payload }) => payload)).toEqual(asked.map((_, n) => n));
  }
});

it('A caller finds out once that no link is served, and loses no task over it', async () => {
  const { address } = await meshOf();
  const orchestrator = await withoutLink(address);
  const troupe = caller(orchestrator.address);
  const payloads = await Promise.all([1, 2, 3].map((n) => troupe.dispatch('echo', n)));
  expect(payloads.map(({ payload }) => payload)).toEqual([1, 2, 3]);
  await troupe.dispatch('echo', 4);
  expect(orchestrator.links()).toBe(1);
});
