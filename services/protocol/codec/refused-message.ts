import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { newMessage } from './new-message.ts';
import { Tag } from './tags.ts';
import { WireReader } from './wire-reader.ts';

/** How many fields are read to learn whose message it is: those up to `capability`, each once. */
const HEAD_FIELDS = 10;

const refusals = new WeakMap<AgentMessage, RpcError>();

/**
 * Stands where a message should that is not read: an ERROR that says why, with as much of the message as tells which it
 * is. Throws where even that cannot be read.
 */
export function refusedMessage(bytes: Buffer, refusal: RpcError): AgentMessage {
  const message = readHead(new WireReader(bytes));
  message.type = MessageType.ERROR;
  message.error = refusal.toStatus();
  refusals.set(message, refusal);
  return message;
}

/** Why a message was not read; nothing where it was. */
export function refusalOf(message: AgentMessage): RpcError | undefined {
  return refusals.get(message);
}

/** Everybody writes fields in the order of their numbers, so these come before what there may be too much of. */
function readHead(reader: WireReader): AgentMessage {
  const message = newMessage();
  for (let i = 0; i < HEAD_FIELDS && reader.more; i++) {
    const tag = reader.varint();
    switch (tag) {
      case Tag.id:
        message.id = reader.text();
        break;
      case Tag.sender:
        message.sender = reader.text();
        break;
      case Tag.receiver:
        message.receiver = reader.text();
        break;
      case Tag.correlationId:
        message.correlationId = reader.text();
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return message;
}
