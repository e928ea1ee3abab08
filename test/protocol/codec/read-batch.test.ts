import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import {
  type AgentServiceLinkRequest,
  AgentServiceLinkRequestSchema,
} from '../../../gen/troupe/v1/agent_service_pb.js';
import { messageCodecs } from '../../../services/protocol/codecs.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { field } from '../../rpc/wire.ts';
import { task } from '../link/messages.ts';

type MessageInit = Parameters<typeof task>[1];

/** What is read of a batch. */
function messagesOf(bytes: Uint8Array) {
  const { messages } = messageCodecs
    .get(AgentServiceLinkRequestSchema)!
    .deserialize(bytes) as AgentServiceLinkRequest;
  return messages;
}

function batch(...messages: MessageInit[]): Uint8Array {
  const all = messages.map((init) => task('', init));
  return toBinary(AgentServiceLinkRequestSchema, create(AgentServiceLinkRequestSchema, { messages: all }));
}

/** How many attachments are too many for one message. */
const TOO_MANY = 40_000;
const empty = (count: number) => Array(count).fill({});

describe('A batch', () => {
  it('with a message of too many fields has an ERROR in its place, and the others as they are', () => {
    const bad = { id: '2', sender: 'me', receiver: 'you', correlationId: '7', attachments: empty(TOO_MANY) };
    const messages = messagesOf(batch({ id: '1', task: 'one' }, bad, { id: '3', task: 'three' }));
    expect(messages.map(({ id, task, type }) => [id, task, type])).toEqual([
      ['1', 'one', MessageType.TASK],
      ['2', '', MessageType.ERROR],
      ['3', 'three', MessageType.TASK],
    ]);
    const { sender, receiver, correlationId, error, attachments } = messages[1]!;
    expect({ sender, receiver, correlationId }).toEqual({
      sender: 'me',
      receiver: 'you',
      correlationId: '7',
    });
    expect(attachments).toEqual([]);
    expect(reasonOf(RpcError.fromStatus(error!))).toBe('INVALID_MESSAGE');
    expect(error?.message).toContain('attachments is one field too many');
  });

  it('of more than the contract allows is read as far as its fields are not too many together', () => {
    const messages = Array.from({ length: 1000 }, (_, i) => ({ id: `${i}`, attachments: empty(1000) }));
    const types = messagesOf(batch(...messages)).map(({ type }) => type);
    const refused = types.filter((type) => type === MessageType.ERROR);
    // Some 2 KB and 1,000 fields each: 256 KiB are not counted, and of the others 32,768 fields are read.
    const read = types.length - refused.length;
    expect(read).toBeGreaterThan(128);
    expect(read).toBeLessThan(170);
    expect(types[0]).toBe(MessageType.TASK);
  });

  it('of 256 messages that fill it is read whole', () => {
    const messages = Array.from({ length: 256 }, (_, i) => ({ id: `${i}`, task: 'x'.repeat(900) }));
    expect(messagesOf(batch(...messages)).every(({ type }) => type === MessageType.TASK)).toBe(true);
  });

  it('with too many fields beside its messages is refused whole', () => {
    // Field 100 of the batch, beside a message with too many fields.
    const bytes = Buffer.concat([Buffer.from('a00601', 'hex'), batch({ attachments: empty(TOO_MANY) })]);
    expect(() => messagesOf(bytes)).toThrow('messages.attachments is one field too many');
  });

  it('with a message whose payload comes twice, and holds too much, is refused whole', () => {
    const payload = Buffer.from('0a00'.repeat(600_000), 'hex');
    const value = field(0x2a, field(0x32, payload));
    expect(messagesOf(field(0x0a, value))).toHaveLength(1);
    expect(() => messagesOf(field(0x0a, Buffer.concat([value, value])))).toThrow('payload holds more than');
  });
});
