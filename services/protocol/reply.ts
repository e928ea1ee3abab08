import { type AgentMessage, type Heartbeat, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { RpcError } from '../rpc/rpc-error.ts';
import { bounded } from '../rpc/status-details.ts';
import { newMessage, wallClock } from './codec/new-message.ts';
import { uuid7 } from './uuid7.ts';
import { type JsonValue, toValue } from './value.ts';

/** What a reply says beside what follows from the message that it answers; `sender` where that named no receiver. */
export type ReplyInit = Partial<Omit<AgentMessage, '$typeName' | 'id' | 'type' | 'correlationId'>>;

/** A message of the given type about `message`: to its sender, from its receiver, with a new id. */
export function replyTo(message: AgentMessage, type: MessageType, init?: ReplyInit): AgentMessage {
  const reply = newMessage();
  reply.id = uuid7();
  reply.sender = message.receiver;
  reply.receiver = message.sender;
  reply.type = type;
  reply.timestamp = wallClock();
  reply.correlationId = message.id;
  return init ? Object.assign(reply, init) : reply;
}

/** The RESULT of a task. A payload that is no JSON is INVALID_PAYLOAD. */
export function resultOf(task: AgentMessage, payload: JsonValue, init?: ReplyInit): AgentMessage {
  const result = replyTo(task, MessageType.RESULT, init);
  result.payload = toValue(payload);
  return result;
}

/**
 * The ERROR that ends a task, or answers a message: the code, text and details of `error`, within the bounds of a
 * status (512 characters, 4 KiB).
 */
export function errorOf(message: AgentMessage, error: RpcError, init?: ReplyInit): AgentMessage {
  return replyTo(message, MessageType.ERROR, { ...init, error: bounded(error).toStatus() });
}

/** A PROGRESS of a task: its `sequence`-th, from 1. A payload that is no JSON is INVALID_PAYLOAD. */
export function progressOf(
  task: AgentMessage,
  sequence: number,
  payload: JsonValue,
  init?: ReplyInit,
): AgentMessage {
  return replyTo(task, MessageType.PROGRESS, { ...init, sequence, payload: toValue(payload) });
}

/** The HEARTBEAT that answers a HEARTBEAT. */
export function heartbeatOf(message: AgentMessage, heartbeat: Heartbeat, init?: ReplyInit): AgentMessage {
  return replyTo(message, MessageType.HEARTBEAT, { ...init, heartbeat });
}
