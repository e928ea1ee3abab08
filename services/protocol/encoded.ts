import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { type AgentMessage, AgentMessageSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import { RpcError } from '../rpc/rpc-error.ts';
import { admitSize } from './message.ts';
import { errorOf } from './reply.ts';

/** An AgentMessage as it goes into a batch: its bytes, with their length before them. */
export type EncodedMessage = Uint8Array;

/** The field of `messages` in all four link messages. */
const MESSAGES_FIELD = 1;

/** The size of a message on the wire, in bytes. */
export function encodedSize(message: AgentMessage): number {
  return toBinary(AgentMessageSchema, message).length;
}

/**
 * Encodes a message once: for its size, and for the batch that it goes into. One that is too large is
 * MESSAGE_TOO_LARGE, since it would end the link for all.
 */
export function encodeMessage(message: AgentMessage): EncodedMessage {
  const bytes = toBinary(AgentMessageSchema, message);
  admitSize(bytes.length);
  const length = varint(bytes.length);
  const encoded = new Uint8Array(length.length + bytes.length);
  encoded.set(length);
  encoded.set(bytes, length.length);
  return encoded;
}

/** Encodes a reply; one that is too large, or cannot be encoded, becomes an ERROR that says so. */
export function encodeReply(message: AgentMessage, reply: AgentMessage): EncodedMessage {
  try {
    return encodeMessage(reply);
  } catch (error) {
    return encodeMessage(errorOf(message, RpcError.from(error), { sender: reply.sender }));
  }
}

/**
 * A link message of messages that are encoded already. protobuf-es writes a field that it does not know as it
 * stands, so handing it the messages that way spares them a second encoding.
 */
export function toBatch<D extends DescMessage>(
  schema: D,
  messages: readonly EncodedMessage[],
): MessageShape<D> {
  const batch = create(schema);
  batch.$unknown = messages.map((data) => ({ no: MESSAGES_FIELD, wireType: WireType.LengthDelimited, data }));
  return batch;
}

function varint(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return bytes;
}
