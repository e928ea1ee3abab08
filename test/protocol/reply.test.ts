import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema, HeartbeatSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { reasonOf, troupeError } from '../../services/protocol/reason.ts';
import { errorOf, heartbeatOf, progressOf, replyTo, resultOf } from '../../services/protocol/reply.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { refusal } from './refusal.ts';

const task = create(AgentMessageSchema, {
  id: 'task-1',
  sender: 'caller',
  receiver: 'summarizer',
  type: MessageType.TASK,
  correlationId: 'the caller groups by this',
  capability: 'text.summarize',
  idempotencyKey: 'once',
  hops: 3,
});

const heartbeat = create(HeartbeatSchema, { status: AgentStatus.BUSY, received: 7n, inFlight: 1 });

describe('a reply', () => {
  it.each([
    { reply: resultOf(task, { text: 'short' }), type: MessageType.RESULT },
    { reply: errorOf(task, troupeError('DRAINING', 'Leaving.')), type: MessageType.ERROR },
    { reply: progressOf(task, 1, 0.5), type: MessageType.PROGRESS },
    { reply: heartbeatOf(task, heartbeat), type: MessageType.HEARTBEAT },
    { reply: replyTo(task, MessageType.CANCEL), type: MessageType.CANCEL },
  ])(
    'of type $type goes back to the sender, is about its message, and has an id of its own',
    ({ reply, type }) => {
      expect(reply).toMatchObject({
        type,
        sender: 'summarizer',
        receiver: 'caller',
        correlationId: 'task-1',
      });
      expect(reply.id).toMatch(/^[0-9a-f-]{14}7/);
      expect(reply.timestamp).toBeDefined();
      expect(reply).toMatchObject({ capability: '', idempotencyKey: '', hops: 0 });
    },
  );

  it('names its sender where its message named no receiver', () => {
    const typedByHand = create(AgentMessageSchema, { id: 'task-2', sender: 'anonymous' });
    expect(resultOf(typedByHand, null, { sender: 'summarizer' }).sender).toBe('summarizer');
  });
});

describe('a RESULT', () => {
  it('carries its payload, and what else it is given', () => {
    const reply = resultOf(task, { text: 'short' }, { headers: { traceparent: '00-1' } });
    expect(fromValue(reply.payload)).toEqual({ text: 'short' });
    expect(reply.headers).toEqual({ traceparent: '00-1' });
  });

  it('with a payload that is no JSON is INVALID_PAYLOAD', async () => {
    expect((await refusal(() => resultOf(task, { n: Number.NaN }))).fields).toEqual(['payload.n']);
  });
});

describe('a PROGRESS', () => {
  it('has its place and its payload', () => {
    const reply = progressOf(task, 3, 'half way');
    expect(reply.sequence).toBe(3);
    expect(fromValue(reply.payload)).toBe('half way');
  });
});

describe('an ERROR', () => {
  it('says code, text and reason, so that the error can be made of it again', () => {
    const error = troupeError('OVERLOADED', 'Busy with 4 tasks.', { agent: 'summarizer' });
    const again = RpcError.fromStatus(errorOf(task, error).error!);
    expect(again).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, message: 'Busy with 4 tasks.' });
    expect(again.details).toEqual(error.details);
    expect(reasonOf(again)).toBe('OVERLOADED');
  });

  it("keeps an agent's endless or broken text within bounds", () => {
    const status = errorOf(task, new RpcError(Code.UNKNOWN, '\ud83c'.repeat(100_000))).error!;
    expect(Buffer.byteLength(status.message)).toBeLessThanOrEqual(512);
    expect(status.message.isWellFormed()).toBe(true);
  });
});

describe('a HEARTBEAT', () => {
  it('says how its sender is', () => {
    expect(heartbeatOf(task, heartbeat).heartbeat).toEqual(heartbeat);
  });
});
