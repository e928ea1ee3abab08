import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkResponseSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import { troupeError } from '../../services/agent/index.ts';
import { resultOf } from '../../services/protocol/reply.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { fleetOf, followed } from './fleet.ts';
import { failure, TestMesh } from './test-mesh.ts';

const faults = ['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'] as const;

/** An instance that is at fault. */
function fault(code: keyof typeof Code): RpcError {
  return new RpcError(Code[code], 'Something is wrong with this instance.');
}

describe('a task that fails at one instance', () => {
  const mesh = new TestMesh();

  /** A fleet of two whose first task at all ends as `first` does; the others work. */
  async function failingOnce(first: () => unknown, idempotent: boolean, names = ['one', 'two']) {
    let asked = 0;
    const fleet = await fleetOf(mesh, names, {
      idempotent,
      handle: async (name, task) => {
        if (++asked > 1) return name;
        task.log.debug('fails');
        throw await first();
      },
    });
    return fleet;
  }

  it.each(faults)('with %s is tried at another, where its capability is idempotent', async (code) => {
    const fleet = await failingOnce(() => fault(code), true);
    const { payload, attempt } = await fleet.orchestrator.troupe.dispatch('fleet.work', null);
    expect(attempt).toBe(2);
    const [first, second, ...more] = await fleet.attempts();
    expect([second, more]).toEqual([`${payload} at 2`, []]);
    expect(first).toBe(`${payload === 'one' ? 'two' : 'one'} at 1`);
  });

  it.each(faults)('with %s is not tried again, where it is not', async (code) => {
    const fleet = await failingOnce(() => fault(code), false);
    expect(await failure(fleet.orchestrator.troupe.dispatch('fleet.work', null))).toBe(code);
    expect(await fleet.attempts()).toHaveLength(1);
  });

  it('by a fault of its handler is not tried again, though its capability is idempotent', async () => {
    const fleet = await failingOnce(() => new Error('That is no number.'), true);
    const failed = await failure(fleet.orchestrator.troupe.dispatch('fleet.work', null));
    expect(failed).toBe('UNKNOWN / HANDLER_FAILED');
    expect(await fleet.attempts()).toHaveLength(1);
  });

  it('is tried there again, a moment later, where there is no other', async () => {
    const fleet = await failingOnce(() => fault('UNAVAILABLE'), true, ['one']);
    expect(await fleet.orchestrator.troupe.dispatch('fleet.work', null)).toMatchObject({ attempt: 2 });
    expect(await fleet.attempts()).toEqual(['one at 1', 'one at 2']);
  });

  it('since it has too much to do is tried there again after as long as it says, where there is no other', async () => {
    const retryAfterMs = 200;
    const at: number[] = [];
    const fleet = await fleetOf(mesh, ['one'], {
      handle: (name) => {
        if (at.push(performance.now()) > 1) return name;
        throw troupeError('OVERLOADED', 'The queue is full.', { retryAfterMs });
      },
    });
    expect(await fleet.orchestrator.troupe.dispatch('fleet.work', null)).toMatchObject({ attempt: 2 });
    // No sooner is the promise; how much later is not. Timers may be early by their resolution.
    expect(at[1]! - at[0]!).toBeGreaterThan(retryAfterMs - 20);
  });

  it('since it has too much to do fails, where it says to come back after the deadline', async () => {
    const fleet = await failingOnce(
      () => troupeError('OVERLOADED', 'The queue is full.', { retryAfterMs: 60_000 }),
      true,
      ['one'],
    );
    const failed = await failure(
      fleet.orchestrator.troupe.dispatch('fleet.work', null, { timeoutMs: 5_000 }),
    );
    expect(failed).toBe('RESOURCE_EXHAUSTED / OVERLOADED');
    expect(await fleet.attempts()).toHaveLength(1);
  });

  it('is not tried again once its caller has seen progress', async () => {
    const fleet = await fleetOf(mesh, ['one', 'two'], {
      idempotent: true,
      handle: async (_, task) => {
        task.progress('half');
        throw fault('INTERNAL');
      },
    });
    const heard: MessageType[] = [];
    const asked = fleet.orchestrator.ask.Link(
      { capability: 'fleet.work' },
      { onProgress: ({ type }) => heard.push(type) },
    );
    expect(await failure(asked)).toBe('INTERNAL');
    expect(heard).toEqual([MessageType.PROGRESS]);
    expect(await fleet.attempts()).toHaveLength(1);
  });

  it('as that is lost is tried at another, where its capability is idempotent', async () => {
    const { handle, begun, hasBegun } = followed();
    const fleet = await fleetOf(mesh, ['one', 'two'], { idempotent: true, handle });
    const task = fleet.orchestrator.troupe.dispatch('fleet.work', null);
    await hasBegun(1);
    await fleet.instances.get(begun[0]!.name)!.close();
    await hasBegun(2);
    begun[1]!.finish();
    expect(await task).toMatchObject({ attempt: 2, payload: begun[1]!.name });
    expect(begun[1]!.name).not.toBe(begun[0]!.name);
    expect(begun.map(({ task: { message } }) => message.attempt)).toEqual([1, 2]);
  });

  it('as its link broke is tried there again once it is back, where there is no other', async () => {
    let tasks = 0;
    const { address } = await mesh.member({
      card: {
        id: 'lone',
        instanceId: 'one',
        capabilities: [{ name: 'lone.work', idempotent: true }],
        servesLink: true,
      },
      async *link(requests) {
        for await (const { messages } of requests) {
          for (const message of messages.filter(({ type }) => type === MessageType.TASK)) {
            if (++tasks === 1) throw new Error('broken');
            yield create(AgentServiceLinkResponseSchema, { messages: [resultOf(message, 'done')] });
          }
        }
      },
    });
    const { rpc, troupe } = await mesh.orchestrator();
    await rpc.register({ agentId: 'lone', instanceId: 'one', address });
    expect(await troupe.dispatch('lone.work', null)).toMatchObject({ attempt: 2, payload: 'done' });
  });

  it('as that left is tried at the one that has come in its place', async () => {
    const orchestrator = await mesh.orchestrator();
    const { rpc } = orchestrator;
    const capabilities = [{ name: 'lone.work', idempotent: true }];
    const card = (instanceId: string) => ({ id: 'lone', instanceId, capabilities });
    const two = await mesh.member({
      card: card('two'),
      handle: ({ message }) => ({ message: resultOf(message!, 'done') }),
    });
    const one = await mesh.member({
      card: card('one'),
      async handle() {
        await rpc.deregister({ agentId: 'lone', instanceId: 'one' });
        await rpc.register({ agentId: 'lone', instanceId: 'two', address: two.address });
        throw fault('UNAVAILABLE');
      },
    });
    await rpc.register({ agentId: 'lone', instanceId: 'one', address: one.address });
    const end = await rpc.dispatch({ message: { capability: 'lone.work' } });
    expect(end).toMatchObject({ attempt: 2, instanceId: 'two' });
  });

  it('is tried three times at most', async () => {
    const handle = () => {
      throw fault('INTERNAL');
    };
    const fleet = await fleetOf(mesh, ['one', 'two', 'three', 'four'], { idempotent: true, handle });
    expect(await failure(fleet.orchestrator.troupe.dispatch('fleet.work', null))).toBe('INTERNAL');
    const attempts = await fleet.attempts();
    expect(attempts.map((attempt) => attempt.split(' ').at(-1))).toEqual(['1', '2', '3']);
    expect(new Set(attempts.map((attempt) => attempt.split(' ')[0])).size).toBe(3);
  });
});

describe('tasks that all fail', () => {
  const mesh = new TestMesh();

  it('are tried again within a budget: 100, and one for five', async () => {
    let attempts = 0;
    const handle = () => {
      attempts++;
      throw fault('UNAVAILABLE');
    };
    const { orchestrator } = await fleetOf(mesh, ['one', 'two', 'three'], { idempotent: true, handle });
    const count = 500;
    const asked = Array.from({ length: count }, () => failure(orchestrator.troupe.dispatch('fleet.work', 1)));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['UNAVAILABLE']));
    expect(attempts - count).toBeGreaterThan(100);
    expect(attempts - count).toBeLessThanOrEqual(100 + 0.2 * count);
  });
});
