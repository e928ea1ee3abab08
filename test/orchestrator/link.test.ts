import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  type AgentMessage,
  type AgentMessageSchema,
  MessageType,
} from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { OrchestratorServiceLinkRequestSchema } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { Feed } from '../../services/rpc/feed.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { echo, patient } from './agents.ts';
import { describeFailure, TestMesh, type TestOrchestrator } from './test-mesh.ts';

const mesh = new TestMesh();

/** A link to the orchestrator as a stranger opens it: message by message. */
function openLink({ rpc }: TestOrchestrator) {
  const requests = new Feed<MessageInitShape<typeof OrchestratorServiceLinkRequestSchema>>({
    overflow: () => new Error('too many'),
  });
  const replies = new Feed<AgentMessage>({ overflow: () => new Error('too many') });
  const reading = (async () => {
    for await (const { messages } of rpc.link(requests))
      for (const message of messages) replies.push(message);
  })();
  reading.then(
    () => replies.end(),
    (error) => replies.fail(error),
  );
  return {
    say: (...messages: MessageInitShape<typeof AgentMessageSchema>[]) =>
      requests.push(create(OrchestratorServiceLinkRequestSchema, { messages })),
    async next(): Promise<AgentMessage> {
      const { value } = await replies.next();
      return value as AgentMessage;
    },
    halfClose: () => requests.end(),
    ended: async () => (await replies.next()).done,
  };
}

function fault({ error }: AgentMessage): string {
  return error ? describeFailure(RpcError.fromStatus(error)) : 'none';
}

async function meshOf(...definitions: Parameters<TestMesh['agent']>[0][]) {
  const orchestrator = await mesh.orchestrator();
  for (const definition of definitions) {
    await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows(definition.id);
  }
  return orchestrator;
}

describe('the link of an orchestrator', () => {
  it('sends a task that names its receiver, dispatches one with a capability, and refuses one with neither', async () => {
    const link = openLink(await meshOf(echo('one', ['same']), echo('two', ['same'])));
    for (const receiver of ['one', 'two', 'one']) {
      link.say({ id: `to-${receiver}`, receiver, payload: toValue(1) });
      const reply = await link.next();
      expect(reply).toMatchObject({
        type: MessageType.RESULT,
        sender: receiver,
        correlationId: `to-${receiver}`,
      });
    }
    const agents = new Set<unknown>();
    for (let nth = 1; agents.size < 2; nth++) {
      link.say({ id: `any-${nth}`, capability: 'same' });
      agents.add((await link.next()).sender);
    }
    expect(agents).toEqual(new Set(['one', 'two']));
    link.say({ id: 'nowhere' });
    const refused = await link.next();
    expect(refused).toMatchObject({ type: MessageType.ERROR, correlationId: 'nowhere' });
    expect(fault(refused)).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
  });

  it('survives bad messages: each costs an ERROR and nothing more', async () => {
    const link = openLink(await meshOf(echo()));
    const bad: [MessageInitShape<typeof AgentMessageSchema>, string][] = [
      [{ type: MessageType.RESULT }, 'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE'],
      [{ type: 99 as MessageType }, 'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE'],
      [{ receiver: 'echo', ttl: { seconds: -1n } }, 'INVALID_ARGUMENT / INVALID_MESSAGE'],
      [{ receiver: 'echo', ttl: {} }, 'DEADLINE_EXCEEDED / MESSAGE_EXPIRED'],
      [{ receiver: 'echo', hops: 17 }, 'FAILED_PRECONDITION / HOP_LIMIT'],
      [{ receiver: 'echo', capability: 'no.such' }, 'NOT_FOUND / CAPABILITY_NOT_FOUND'],
      [{ type: MessageType.BROADCAST, ttl: { nanos: -1 } }, 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ];
    for (const [i, [message, expected]] of bad.entries()) {
      link.say({ id: `bad-${i}`, ...message });
      const reply = await link.next();
      expect([reply.correlationId, fault(reply)]).toEqual([`bad-${i}`, expected]);
    }
    link.say({ receiver: 'echo', payload: toValue('still here') });
    expect(fromValue((await link.next()).payload)).toEqual({ by: 'echo', said: 'still here' });
  });

  it('cancels a task down to its agent, and answers it once', async () => {
    const { definition, started, stopped } = patient();
    const link = openLink(await meshOf(definition));
    link.say({ id: 'long', capability: 'patient.work' });
    await started;
    link.say({ id: 'long', capability: 'patient.work' });
    expect(fault(await link.next())).toBe('ALREADY_EXISTS / DUPLICATE_ID');
    link.say({ type: MessageType.CANCEL, correlationId: 'long' });
    const reply = await link.next();
    expect([reply.correlationId, fault(reply)]).toEqual(['long', 'CANCELLED / TASK_CANCELLED']);
    expect(await stopped).toMatch(/cancel/);
  });

  it('tells how the orchestrator is', async () => {
    const { definition, started, finish } = patient();
    const link = openLink(await meshOf(definition));
    link.say({ id: 'idle?', type: MessageType.HEARTBEAT });
    expect((await link.next()).heartbeat).toMatchObject({ status: AgentStatus.IDLE, inFlight: 0 });
    link.say({ capability: 'patient.work' });
    await started;
    link.say({ id: 'busy?', type: MessageType.HEARTBEAT });
    expect(await link.next()).toMatchObject({
      correlationId: 'busy?',
      heartbeat: { status: AgentStatus.BUSY, inFlight: 1 },
    });
    finish();
    expect((await link.next()).type).toBe(MessageType.RESULT);
  });

  it('answers what is in flight when its opener half-closes, and ends well', async () => {
    const { definition, started, finish } = patient();
    const link = openLink(await meshOf(definition));
    link.say({ id: 'last', capability: 'patient.work' });
    await started;
    link.halfClose();
    finish();
    expect((await link.next()).correlationId).toBe('last');
    expect(await link.ended()).toBe(true);
  });

  it('carries many tasks at once, each to its own end', async () => {
    const { troupe } = await meshOf(echo('one', ['same']), echo('two', ['same']));
    const results = await Promise.all(Array.from({ length: 2000 }, (_, n) => troupe.dispatch('same', n)));
    expect(results.map(({ payload }) => (payload as { said: number }).said)).toEqual(
      results.map((_, n) => n),
    );
  });
});
