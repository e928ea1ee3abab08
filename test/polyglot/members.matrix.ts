import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { DiscoverySource } from '../../gen/troupe/v1/roster_pb.js';
import type { TaskOptions } from '../../services/client/task.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { fromValue, type JsonValue, toValue } from '../../services/protocol/value.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { describeBuilt } from './built.ts';
import { commandIn, MEMBERS, type Member } from './member.ts';
import { directly, Mesh, type Started } from './mesh.ts';

const PROBE = 'conformance.probe';
/** Longer than any test: only a cancel or a deadline ends it. */
const LONG_MS = 60_000;

describe('members', () => {
  for (const member of MEMBERS) {
    describeBuilt(member.language, member.language, () => contract(member));
  }
});

function contract(member: Member) {
  let mesh: Mesh;
  let started: Started;
  let address: string;
  let direct: ReturnType<typeof directly>;

  beforeAll(async () => {
    mesh = await Mesh.create();
    started = mesh.start(commandIn(member.language, member.command, { TROUPE_CONFORMANCE: '1' }));
    address = await started.address;
    await mesh.up(...(member.announces ? [] : [address]));
    direct = directly(address);
  });
  afterAll(async () => {
    direct?.channel.close();
    await mesh?.close();
  });

  const ask = (order: JsonValue, options?: TaskOptions) => mesh.troupe.dispatch(PROBE, order, options);
  const handle = async (message: Parameters<typeof direct.agent.handle>[0]['message']) =>
    (await direct.agent.handle({ message })).message;
  const heartbeat = async () => (await handle({ type: MessageType.HEARTBEAT }))?.heartbeat;
  const idle = () => vi.waitFor(async () => expect((await heartbeat())?.inFlight).toBe(0), { timeout: 5000 });

  it('joins the roster', async () => {
    const agent = await mesh.seen(member.agent, (seen) => seen?.status === AgentStatus.IDLE);
    expect(agent?.instances[0]).toMatchObject({
      address,
      source: member.announces ? DiscoverySource.ANNOUNCED : DiscoverySource.STATIC,
    });
  });

  it('describes itself', async () => {
    const { card } = await direct.agent.describe({});
    expect(card).toMatchObject({ id: member.agent, servesLink: member.announces, protocolRevision: 1 });
    expect(card?.capabilities.map(({ name }) => name)).toContain(member.sample.capability);
    expect(card).toEqual((await direct.agent.describe({})).card);
  });

  it('tells its health', async () => {
    const health = createClient(Health, direct.channel);
    expect((await health.check({})).status).toBe(ServingStatus.SERVING);
  });

  it('does a task of its own', async () => {
    const { capability, payload, result } = member.sample;
    expect((await mesh.troupe.dispatch(capability, payload)).payload).toEqual(result);
  });

  it('answers Handle without an orchestrator', async () => {
    const { capability, payload, result } = member.sample;
    const reply = await handle({ id: 'by-hand', capability, payload: toValue(payload) });
    expect(reply).toMatchObject({ type: MessageType.RESULT, correlationId: 'by-hand' });
    expect(fromValue(reply?.payload)).toEqual(result);
  });

  it('sees the message as it was sent', async () => {
    const data = new Uint8Array([1, 2, 3]);
    const { payload } = await ask(null, {
      idempotencyKey: 'once',
      headers: { team: 'blue' },
      attachments: [{ name: 'a.bin', mediaType: 'x/y', content: { case: 'data', value: data } }],
    });
    expect(payload).toEqual({
      echo: null,
      received: {
        attempt: 1,
        idempotency_key: 'once',
        hops: 0,
        sender: 'tester',
        headers: { team: 'blue' },
        attachments: [{ name: 'a.bin', media_type: 'x/y', bytes: 3 }],
      },
    });
  });

  it('keeps any JSON as it is', async () => {
    const deep = Array.from({ length: 28 }).reduce<JsonValue>((inner) => [inner], 'x');
    const echo = {
      '': {},
      list: [],
      null: null,
      '😀 \u0000é': '\u2028 𝄞',
      numbers: [0, -1.5, 1e300, 2 ** 53],
      deep,
    };
    expect((await ask({ echo })).payload).toMatchObject({ echo });
  });

  it('takes and gives a large payload', async () => {
    const echo = 'e'.repeat(1_000_000);
    const { payload } = await ask({ echo, size: 1_000_000 });
    expect(payload).toMatchObject({ echo, data: 'x'.repeat(1_000_000) });
  });

  it('works on many tasks at once', async () => {
    const orders = Array.from({ length: 48 }, (_, n) => ask({ delay_ms: 48 - n, echo: n }));
    const answers = await Promise.all(orders);
    expect(answers.map(({ payload }) => (payload as { echo: number }).echo)).toEqual([...Array(48).keys()]);
  });

  if (member.announces) {
    it('tells progress in order, the result last', async () => {
      const news: unknown[] = [];
      for await (const event of mesh.troupe.dispatchStream(PROBE, { progress: 5, echo: 'done' })) {
        news.push(event.type === 'progress' ? [event.sequence, event.payload] : event.type);
      }
      expect(news).toEqual([...[1, 2, 3, 4, 5].map((n) => [n, { n }]), 'result']);
    });
  }

  it('stops working when its caller cancels', async () => {
    const cancel = new AbortController();
    const refused = refusal(ask({ delay_ms: LONG_MS }, { signal: cancel.signal }));
    await vi.waitFor(async () => expect((await heartbeat())?.inFlight).toBe(1), { timeout: 5000 });
    cancel.abort();
    expect(await refused).toEqual({ code: Code.CANCELLED, reason: 'TASK_CANCELLED' });
    await idle();
  });

  it('stops working when the time is up', async () => {
    const refused = refusal(ask({ delay_ms: LONG_MS }, { timeoutMs: 300 }));
    expect(await refused).toEqual({ code: Code.DEADLINE_EXCEEDED, reason: 'TASK_TIMED_OUT' });
    await idle();
  });

  it('says itself that the time is up', async () => {
    const task = { capability: PROBE, payload: toValue({ delay_ms: LONG_MS }), ttl: { nanos: 200_000_000 } };
    expect(await refusal(handle(task))).toEqual({ code: Code.DEADLINE_EXCEEDED, reason: 'TASK_TIMED_OUT' });
  });

  it('fails with a code and a reason', async () => {
    const error = await ask({ fail: 'on purpose' }).catch(RpcError.from);
    expect(error).toMatchObject({ code: Code.UNKNOWN, message: expect.stringContaining('on purpose') });
    expect(reasonOf(error as RpcError)).toBe('HANDLER_FAILED');
  });

  it('is spared a payload that breaks its schema', async () => {
    const before = (await heartbeat())?.received;
    const refused = refusal(mesh.troupe.dispatch(member.sample.capability, member.bad));
    expect(await refused).toEqual({ code: Code.INVALID_ARGUMENT, reason: 'INVALID_PAYLOAD' });
    expect((await heartbeat())?.received).toBe(before);
  });

  it.each([
    [
      'a capability that it has not',
      { capability: 'nobody.does-this' },
      Code.NOT_FOUND,
      'CAPABILITY_NOT_FOUND',
    ],
    ['an expired task', { capability: PROBE, ttl: {} }, Code.DEADLINE_EXCEEDED, 'MESSAGE_EXPIRED'],
    [
      'a negative time to live',
      { capability: PROBE, ttl: { nanos: -1 } },
      Code.INVALID_ARGUMENT,
      'INVALID_MESSAGE',
    ],
    ['work passed on too often', { capability: PROBE, hops: 17 }, Code.FAILED_PRECONDITION, 'HOP_LIMIT'],
    ['a type that it does not know', { type: 99 as MessageType }, Code.UNIMPLEMENTED, 'UNKNOWN_MESSAGE_TYPE'],
  ])('refuses %s', async (_, message, code, reason) => {
    expect(await refusal(handle(message))).toEqual({ code, reason });
  });

  it('hears a broadcast', async () => {
    const outcomes = [];
    for await (const { agentId, outcome } of mesh.troupe.broadcast({ ask: 'who' })) {
      outcomes.push([agentId, outcome.case === 'reply' ? fromValue(outcome.value.payload) : outcome.case]);
    }
    expect(outcomes).toEqual([[member.agent, member.reply ?? 'acknowledgement']]);
  });

  it('answers a heartbeat', async () => {
    await ask(null);
    const { orchestrator } = await mesh.troupe.reach();
    expect((await orchestrator.checkHealth({})).agents).toEqual({ [member.agent]: AgentStatus.IDLE });
    expect(await heartbeat()).toMatchObject({ status: AgentStatus.IDLE, inFlight: 0 });
  });

  it('comes back after the orchestrator was restarted', async () => {
    await mesh.restart();
    await mesh.seen(member.agent, (agent) => agent?.status === AgentStatus.IDLE);
    expect((await ask({ echo: 'again' })).payload).toMatchObject({ echo: 'again' });
  });

  it('finishes what is in flight before it leaves', async () => {
    const inFlight = ask({ delay_ms: 1000, echo: 'finished' });
    await vi.waitFor(async () => expect((await heartbeat())?.inFlight).toBe(1), { timeout: 5000 });
    const left = started.child.stop(15_000);
    await mesh.seen(
      member.agent,
      (agent) => agent?.status !== AgentStatus.BUSY && agent?.status !== AgentStatus.IDLE,
    );
    expect(await refusal(handle({ capability: PROBE }))).toEqual({
      code: Code.UNAVAILABLE,
      reason: 'DRAINING',
    });
    expect((await inFlight).payload).toMatchObject({ echo: 'finished' });
    await left;
    expect(await started.child.exited).toBe(
      member.language === 'java' ? 'exited with code 143' : 'exited with code 0',
    );
  });

  if (member.announces) {
    it('leaves the roster', async () => {
      expect(await mesh.seen(member.agent, (agent) => agent === undefined)).toBeUndefined();
    });
  }
}

/** How something was refused: the status of a call, or the ERROR message that means the same. */
async function refusal(answered: Promise<unknown>): Promise<{ code: Code; reason: string | undefined }> {
  const answer = await answered.catch(RpcError.from);
  if (answer instanceof RpcError) return { code: answer.code, reason: reasonOf(answer) };
  const { error } = answer as { error?: Parameters<typeof RpcError.fromStatus>[0] };
  if (!error) throw new Error('It was not refused.');
  const said = RpcError.fromStatus(error);
  return { code: said.code, reason: reasonOf(said) };
}
