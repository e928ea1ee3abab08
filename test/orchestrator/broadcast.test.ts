import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { BroadcastResponse } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { resultOfTask } from '../../services/protocol/task-sink.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { echo } from './agents.ts';
import { AGENT_WAYS, collect, failure, TestMesh } from './test-mesh.ts';

const replies: AgentDefinition = { ...echo('replies', ['a']), onBroadcast: (news) => ({ heard: news }) };
const listens: AgentDefinition = { ...echo('listens', ['a', 'b']), labels: { region: 'eu' } };
const fails: AgentDefinition = {
  ...echo('fails', ['b']),
  onBroadcast() {
    throw new Error('no ears');
  },
};
const never: AgentDefinition = {
  ...echo('never', ['c']),
  labels: { region: 'eu', tier: 'slow' },
  onBroadcast: () => new Promise(() => {}),
};

/** An outcome in a word: `replies: reply`. */
function inWords({ agentId, outcome }: BroadcastResponse): string {
  if (outcome.case !== 'error') return `${agentId}: ${outcome.case}`;
  return `${agentId}: ${errorInfoOf(RpcError.fromStatus(outcome.value))?.reason}`;
}

const message = { payload: toValue('news'), sender: 'herald' };

describe.each(AGENT_WAYS)('Broadcast, to agents by %s,', (agents) => {
  const mesh = new TestMesh({ agents });

  it('tells one outcome per recipient as it comes; none holds up another', async () => {
    const { rpc, shows } = await mesh.joinedBy(replies, listens, fails, never);
    // One more that cannot even be spoken to: its link is taken, and never read.
    const card = { id: 'frozen', instanceId: 'frozen-1', capabilities: [{ name: 'c' }] };
    const { address } = await mesh.member({ card, handle: () => new Promise(() => {}) });
    await rpc.register({ agentId: 'frozen', instanceId: 'frozen-1', address });
    await shows('frozen', (now) => now !== undefined);

    const outcomes = await collect(rpc.broadcast({ message: { ...message, ttl: { nanos: 600_000_000 } } }));
    expect(outcomes.slice(0, 3).map(inWords).sort()).toEqual([
      'fails: HANDLER_FAILED',
      'listens: acknowledgement',
      'replies: reply',
    ]);
    expect(outcomes.slice(3).map(inWords).sort()).toEqual([
      'frozen: TASK_TIMED_OUT',
      'never: TASK_TIMED_OUT',
    ]);
    const reply = outcomes.find(({ agentId }) => agentId === 'replies')?.outcome;
    expect(reply?.case === 'reply' && fromValue(reply.value.payload)).toEqual({ heard: 'news' });
    expect(new Set(outcomes.map(({ instanceId }) => instanceId)).size).toBe(5);
  });

  it('goes to every instance of an agent, and to those alone that the filter leaves', async () => {
    const orchestrator = await mesh.joinedBy(replies, listens, never);
    const { rpc } = orchestrator;
    await mesh.agent(replies, { orchestrators: [orchestrator.address] });
    await orchestrator.shows('replies', (now) => now?.instances.length === 2);
    const recipients = async (filter: object) => {
      const ttl = { nanos: 300_000_000 };
      const outcomes = await collect(rpc.broadcast({ message: { ...message, ttl }, ...filter }));
      return outcomes.map(({ agentId }) => agentId).sort();
    };
    expect(await recipients({ capability: 'a' })).toEqual(['listens', 'replies', 'replies']);
    expect(await recipients({ labels: { region: 'eu' } })).toEqual(['listens', 'never']);
    expect(await recipients({ labels: { region: 'eu', tier: 'slow' } })).toEqual(['never']);
    expect(await recipients({ capability: 'b', labels: { region: 'us' } })).toEqual([]);
  });

  it('with no recipients ends well at once', async () => {
    const { rpc } = await mesh.orchestrator();
    expect(await collect(rpc.broadcast({ message }))).toEqual([]);
  });

  it('tells of the recipients that have answered before others are lost', async () => {
    const orchestrator = await mesh.joinedBy(replies);
    const dying = await mesh.agent(never, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('never');
    const outcomes = orchestrator.rpc.broadcast({ message })[Symbol.asyncIterator]();
    expect(inWords((await outcomes.next()).value)).toBe('replies: reply');
    await dying.close();
    expect(inWords((await outcomes.next()).value)).toMatch(
      /^never: (INSTANCE_LOST|DRAINING|TASK_CANCELLED)$/,
    );
    expect((await outcomes.next()).done).toBe(true);
  });

  it('is cancelled at whoever has not answered when its caller leaves', async () => {
    const cancelled = Promise.withResolvers<void>();
    const { address } = await mesh.member({
      handle(_, { signal }) {
        signal.addEventListener('abort', () => cancelled.resolve());
        return new Promise(() => {});
      },
    });
    const orchestrator = await mesh.joinedBy(replies);
    await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'stranger-1', address });
    for await (const _ of orchestrator.rpc.broadcast({ message })) break;
    await cancelled.promise;
  });

  it('is refused whole where the message itself is at fault', async () => {
    const { rpc } = await mesh.joinedBy(replies);
    expect(await failure(rpc.broadcast({}))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    expect(await failure(rpc.broadcast({ message: { ttl: { seconds: -1n } } }))).toBe(
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    );
    const payload = toValue('x'.repeat(4 * 1024 * 1024 - 64 * 1024));
    expect(await failure(rpc.broadcast({ message: { payload } }))).toBe(
      'RESOURCE_EXHAUSTED / MESSAGE_TOO_LARGE',
    );
  });

  it('is recorded with every end that it had', async () => {
    const { rpc } = await mesh.joinedBy(replies, listens, fails);
    await collect(rpc.broadcast({ message: { ...message, id: 'the-broadcast' } }));
    const { records } = await rpc.listMessages({ filter: { correlationId: 'the-broadcast' } });
    const words = records.map(({ message, outcome, duration }) => {
      const type = MessageType[message!.type];
      if (message!.type === MessageType.BROADCAST) return `${type} to ${message!.receiver}`;
      return `${type} from ${message!.sender}: ${outcome?.code} ${duration !== undefined}`;
    });
    expect(words.sort()).toEqual([
      'BROADCAST to fails',
      'BROADCAST to listens',
      'BROADCAST to replies',
      'ERROR from fails: 2 true',
      'RESULT from listens: 0 true',
      'RESULT from replies: 0 true',
    ]);
  });
});

describe.each(AGENT_WAYS)('a broadcast over a link, to agents by %s,', (agents) => {
  const mesh = new TestMesh({ agents });

  it('is answered once, with the numbers of those who acknowledged, replied and failed', async () => {
    const { troupe } = await mesh.joinedBy(replies, listens, fails, never);
    const peer = await troupe.reach();
    const send = async (capability: string) => {
      const scope = { signal: new AbortController().signal, deadline: Deadline.after(10_000) };
      const broadcast = create(AgentMessageSchema, {
        id: `broadcast-${capability}`,
        type: MessageType.BROADCAST,
        capability,
        ttl: { nanos: 400_000_000 },
      });
      return fromValue((await resultOfTask((sink) => peer.send(broadcast, sink, scope))).payload);
    };
    expect(await send('')).toEqual({ acknowledged: 1, replied: 1, failed: 2 });
    expect(await send('a')).toEqual({ acknowledged: 1, replied: 1, failed: 0 });
    expect(await send('nobody.has')).toEqual({ acknowledged: 0, replied: 0, failed: 0 });
  });
});
