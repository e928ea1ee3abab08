import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { RpcError } from '../rpc/rpc-error.ts';
import { WireWriter } from './codec/wire-writer.ts';
import { writeMessage } from './codec/write-message.ts';
import { giveBack, lendBuffer } from './link/batch-buffers.ts';
import { admitSize } from './message.ts';
import { errorOf } from './reply.ts';

/** An AgentMessage as it stands in a link message: the tag of `messages`, its length, its bytes. */
export interface EncodedMessage {
  /** The bytes, in one piece or more. */
  readonly chunks: readonly Buffer[];
  /** How many there are. */
  readonly length: number;
}

/** The field `messages` of all four link messages: number 1, with its length before it. */
const MESSAGES = (1 << 3) | WireType.LengthDelimited;

const writer = new WireWriter();

/** The size of a message on the wire, in bytes. */
export function encodedSize(message: AgentMessage): number {
  writer.start();
  writeMessage(writer, message);
  return writer.length;
}

/** A message's bytes, in a buffer of their own. A payload that was read from bytes is not looked into. */
export function encodedBytes(message: AgentMessage): Uint8Array {
  writer.start();
  writeMessage(writer, message);
  return new Uint8Array(writer.bytes());
}

/**
 * Encodes a message once: for its size, and for the batch that it goes into. One that is too large is
 * MESSAGE_TOO_LARGE, since it would end the link for all.
 */
export function encodeMessage(message: AgentMessage): EncodedMessage {
  const size = encodedSize(message);
  admitSize(size);
  return framed(size);
}

/**
 * Encodes a reply; one that is too large, or cannot be encoded, becomes an ERROR that says so. That is never refused: it
 * repeats the id and the sender of a message that was itself not too large, and says no more than fits into the room
 * that is left for a batch's frame.
 */
export function encodeReply(message: AgentMessage, reply: AgentMessage): EncodedMessage {
  try {
    return encodeMessage(reply);
  } catch (error) {
    return framed(encodedSize(errorOf(message, RpcError.from(error), { sender: reply.sender })));
  }
}

/** What the writer has written, of that size, behind the tag and the length. */
function framed(size: number): EncodedMessage {
  writer.varint(size);
  writer.varint(MESSAGES);
  const { length } = writer;
  return { chunks: writer.chunks(), length };
}

/**
 * A link message of messages that are encoded already, on its way out. Whoever has written it, and knows that nobody
 * reads it any more, disposes of it; nobody has to.
 */
export class Batch<D extends DescMessage> implements Disposable {
  readonly $typeName: string;
  /** None: they are in `bytes`. */
  readonly messages = [];
  /** The link message as it goes to the network. */
  readonly bytes: Buffer;

  constructor(schema: D, messages: readonly EncodedMessage[]) {
    this.$typeName = schema.typeName;
    let length = 0;
    for (const message of messages) length += message.length;
    this.bytes = lendBuffer(length);
    let at = 0;
    for (const { chunks } of messages) for (const chunk of chunks) at += chunk.copy(this.bytes, at);
  }

  [Symbol.dispose](): void {
    giveBack(this.bytes);
  }

  /** For protobuf-es, which writes a field that it does not know as it stands behind its tag. */
  get $unknown() {
    return [{ no: 1, wireType: WireType.LengthDelimited, data: this.bytes.subarray(1) }];
  }
}

/** The messages as one link message of that type. */
export function toBatch<D extends DescMessage>(
  schema: D,
  messages: readonly EncodedMessage[],
): MessageShape<D> {
  return new Batch(schema, messages) as unknown as MessageShape<D>;
}
