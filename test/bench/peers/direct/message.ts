import { randomUUID } from 'node:crypto';
import { create, fromJson, toJson } from '@bufbuild/protobuf';
import { timestampNow, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type AgentMessage,
  AgentMessageSchema,
  MessageType,
} from '../../../../gen/troupe/v1/agent_message_pb.js';
import type { Payload } from '../../load/payload.ts';

/** The capability that the agents of the benchmark have. */
export const CAPABILITY = 'bench.echo';

/** A TASK as one writes it with protobuf-es alone. */
export function taskOf(payload: Payload): AgentMessage {
  return create(AgentMessageSchema, {
    id: randomUUID(),
    sender: 'bench',
    type: MessageType.TASK,
    payload: fromJson(ValueSchema, payload),
    timestamp: timestampNow(),
    capability: CAPABILITY,
    ttl: { seconds: 30n },
  });
}

/** Its RESULT. */
export function resultOf(task: AgentMessage, payload: Payload): AgentMessage {
  return create(AgentMessageSchema, {
    id: randomUUID(),
    sender: 'echo',
    receiver: task.sender,
    type: MessageType.RESULT,
    payload: fromJson(ValueSchema, payload),
    timestamp: timestampNow(),
    correlationId: task.id,
  });
}

/** What a message carries. */
export function payloadOf({ payload }: AgentMessage): Payload {
  if (!payload) throw new Error('The message carries no payload.');
  return toJson(ValueSchema, payload) as Payload;
}
