import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { errorInfoOf, TROUPE_DOMAIN } from '../../services/protocol/reason.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../services/rpc/rpc-error.ts';
import type { MemberInit } from './bare-member.ts';
import type { MessageInit } from './callers.ts';
import { collect, failure, failureOf, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();

async function meshWith(init: MemberInit) {
  const { address } = await mesh.member(init);
  const orchestrator = await mesh.orchestrator();
  await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'stranger-1', address });
  return orchestrator;
}

const task = { message: { capability: 'strange.work', sender: 'me' } };

describe('a member that serves neither link nor health', () => {
  it('gets its tasks, broadcasts and heartbeats by Handle', async () => {
    const got: AgentMessage[] = [];
    const { rpc } = await meshWith({
      handle({ message }) {
        got.push(message!);
        if (message!.type === MessageType.BROADCAST) return {};
        if (message!.type === MessageType.HEARTBEAT)
          return { message: { type: MessageType.HEARTBEAT, heartbeat: { status: AgentStatus.BUSY } } };
        return { message: { type: MessageType.RESULT, payload: toValue('done') } };
      },
    });
    const { message, instanceId } = await rpc.dispatch(task);
    // What it left out is filled in.
    expect(message).toMatchObject({ type: MessageType.RESULT, sender: 'stranger', receiver: 'me' });
    expect(message?.correlationId).toBe(got[0]?.id);
    expect(instanceId).toBe('stranger-1');
    expect(got[0]).toMatchObject({ type: MessageType.TASK, receiver: 'stranger', attempt: 1 });
    const outcomes = await collect(rpc.broadcast({ message: {} }));
    expect(outcomes.map(({ outcome }) => outcome.case)).toEqual(['acknowledgement']);
    expect((await rpc.checkHealth({})).agents).toEqual({ stranger: AgentStatus.BUSY });
    expect(await collect(rpc.dispatchStream(task))).toHaveLength(1);
  });

  it('answers the task that it was asked, and no other, though it gives back the correlation_id of that', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { ask } = await meshWith({
      async handle({ message }) {
        const { id, correlationId } = message!;
        if (id === 'other') await released;
        return { message: { type: MessageType.RESULT, correlationId, payload: toValue(id) } };
      },
    });
    const payloadOf = async (message: MessageInit) =>
      fromValue((await ask.Link({ capability: 'strange.work', ...message })).payload);
    const other = payloadOf({ id: 'other', correlationId: 'a group' });
    expect(await payloadOf({ id: 'own', correlationId: 'other' })).toBe('own');
    release();
    expect(await other).toBe('other');
  });

  it.each<[string, MemberInit['handle'], string]>([
    ['without a message', () => ({}), 'UNKNOWN / HANDLER_FAILED'],
    [
      'with a status',
      () => {
        throw new RpcError(Code.PERMISSION_DENIED, 'no');
      },
      'PERMISSION_DENIED',
    ],
    [
      'with the status of an exception',
      () => {
        throw new Error('Exception calling application: division by zero');
      },
      'UNKNOWN / HANDLER_FAILED',
    ],
    ['not at all: it does not serve Handle', undefined, 'UNIMPLEMENTED'],
  ])('that answers a task %s fails the task', async (_, handle, expected) => {
    const { rpc, knows } = await meshWith(handle ? { handle } : {});
    expect(await failure(rpc.dispatch(task))).toBe(expected);
    await knows('stranger');
  });

  it('that is overloaded, and says malformed things of when to come back, has room again afterwards', async () => {
    const retryInfo = anyPack(RetryInfoSchema, create(RetryInfoSchema));
    retryInfo.value = new Uint8Array([255]);
    const info = packDetail(ErrorInfoSchema, { reason: 'OVERLOADED', domain: TROUPE_DOMAIN });
    const overloaded = {
      code: Code.RESOURCE_EXHAUSTED,
      message: 'busy',
      details: [retryInfo, info, retryInfo],
    };
    const { rpc } = await meshWith({
      handle: () => ({ message: { type: MessageType.ERROR, error: overloaded } }),
    });
    const message = { ...task.message, ttl: { nanos: 500_000_000 } };
    expect(await failure(rpc.dispatch({ message }))).toBe('RESOURCE_EXHAUSTED / OVERLOADED');
    const { candidates } = await rpc.explainRoute({ capability: 'strange.work' });
    expect(candidates.map(({ inFlight }) => inFlight)).toEqual([0]);
  });

  it('that goes away in the middle of a task is lost, and the task is not given to another', async () => {
    let times = 0;
    const begun = Promise.withResolvers<void>();
    const handle = () => {
      times += 1;
      begun.resolve();
      return new Promise<never>(() => {});
    };
    const one = await mesh.member({ card: { instanceId: 'one' }, handle });
    const two = await mesh.member({ card: { instanceId: 'two' }, handle });
    const orchestrator = await mesh.orchestrator();
    for (const [instanceId, { address }] of Object.entries({ one, two }))
      await orchestrator.rpc.register({ agentId: 'stranger', instanceId, address });
    const result = failureOf(orchestrator.rpc.dispatch(task));
    await begun.promise;
    one.close();
    two.close();
    const error = await result;
    expect(errorInfoOf(error)).toMatchObject({ reason: 'INSTANCE_LOST', metadata: { agent: 'stranger' } });
    expect(error.code).toBe(Code.UNAVAILABLE);
    expect(times).toBe(1);
    await orchestrator.shows('stranger', (now) => now?.status === AgentStatus.OFFLINE);
  });
});

/** Members that answer every task with the same message, by each way. */
const answering = {
  Handle: (message: MessageInit): MemberInit => ({ handle: () => ({ message }) }),
  Link: (message: MessageInit): MemberInit => ({
    card: { servesLink: true },
    async *link(requests) {
      for await (const { messages } of requests) {
        const tasks = messages.filter(({ type }) => type === MessageType.TASK);
        const replies = tasks.map(({ id: correlationId }) => ({ correlationId, ...message }));
        yield { messages: replies as AgentMessage[] };
      }
    },
  }),
};

describe.each(['Handle', 'Link'] as const)('a member by %s', (way) => {
  const { ERROR, HEARTBEAT } = MessageType;
  const diskFull = packDetail(ErrorInfoSchema, { reason: 'DISK_FULL', domain: 'strangers' });

  it('may answer a RESULT without saying that it is one', async () => {
    const { rpc } = await meshWith(answering[way]({ payload: toValue(1) }));
    expect((await rpc.dispatch(task)).message?.type).toBe(MessageType.RESULT);
  });

  it.each<[string, MessageInit, string]>([
    ['a HEARTBEAT', { type: HEARTBEAT }, 'UNKNOWN / HANDLER_FAILED'],
    ['an ERROR that says nothing', { type: ERROR }, 'UNKNOWN / HANDLER_FAILED'],
    ['an ERROR whose code is OK', { type: ERROR, error: { message: 'fine' } }, 'UNKNOWN / HANDLER_FAILED'],
    [
      'an ERROR whose code is OK, with a detail',
      { type: ERROR, error: { message: 'full', details: [diskFull] } },
      'UNKNOWN',
    ],
    [
      'an ERROR whose code is none',
      { type: ERROR, error: { code: 4711, message: 'odd' } },
      'UNKNOWN / HANDLER_FAILED',
    ],
    ['an ERROR of its own', { type: ERROR, error: { code: Code.NOT_FOUND, message: 'none' } }, 'NOT_FOUND'],
  ])('that answers a task with %s fails the task', async (_, message, expected) => {
    const { rpc, knows } = await meshWith(answering[way](message));
    expect(await failure(rpc.dispatch(task))).toBe(expected);
    expect(await failure(rpc.dispatchStream(task))).toBe(expected);
    await knows('stranger');
  });
});

describe('a member that says it serves a link, and does not', () => {
  it('fails its tasks INSTANCE_LOST, and is dialled again without haste', async () => {
    let described = 0;
    const card = { id: 'liar', instanceId: 'liar-1', capabilities: [{ name: 'lie' }], servesLink: true };
    const { address } = await mesh.member({
      describe() {
        described += 1;
        return { card };
      },
    });
    const orchestrator = await mesh.orchestrator({ static: [address] });
    await orchestrator.shows('liar', (now) => now?.status === AgentStatus.OFFLINE);
    await new Promise((resolve) => setTimeout(resolve, 500));
    // 0, then after 50 to 100 ms, 100 to 200 ms, 200 to 400 ms.
    expect(described).toBeLessThanOrEqual(5);
    expect(await failure(orchestrator.rpc.dispatch({ message: { capability: 'lie' } }))).toMatch(
      /^UNAVAILABLE/,
    );
  });
});

describe('a member that does not check its input', () => {
  const inputSchema = {
    type: 'object',
    required: ['items'],
    properties: {
      items: { type: 'array', items: { type: 'object', properties: { n: { type: 'number' } } } },
    },
    additionalProperties: false,
  };
  const capabilities = [{ name: 'strange.work', inputSchema }];

  it('gets nothing that breaks its schema: every violation is told with its path', async () => {
    let handled = 0;
    const handle = () => {
      handled += 1;
      return { message: { type: MessageType.RESULT } };
    };
    const { rpc } = await meshWith({ card: { capabilities }, handle });
    const payload = toValue({ items: [{ n: 1 }, { n: 'two' }, { n: null }], more: true });
    const error = await failureOf(rpc.dispatch({ message: { capability: 'strange.work', payload } }));
    const fields = error
      .detail(BadRequestSchema)
      ?.fieldViolations.map(({ field }) => field)
      .sort();
    expect(fields).toEqual(['payload.items[1].n', 'payload.items[2].n', 'payload.more']);
    expect(await failure(Promise.reject(error))).toBe('INVALID_ARGUMENT / INVALID_PAYLOAD');
    // By receiver alone, its only capability is meant.
    expect(await failure(rpc.send({ message: { receiver: 'stranger' } }))).toBe(
      'INVALID_ARGUMENT / INVALID_PAYLOAD',
    );
    expect(handled).toBe(0);
    await rpc.dispatch({ message: { capability: 'strange.work', payload: toValue({ items: [] }) } });
    expect(handled).toBe(1);
  });

  it('is trusted where it says that it checks itself', async () => {
    const handle = () => ({ message: { type: MessageType.RESULT } });
    const { rpc } = await meshWith({ card: { capabilities, checksInput: true }, handle });
    await rpc.dispatch(task);
  });
});
