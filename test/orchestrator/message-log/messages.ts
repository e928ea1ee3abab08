import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  AgentMessageSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import type { MessageLog } from '../../../services/orchestrator/message-log/message-log.ts';

/** A message of that type with only what the test says. */
export function message(
  type: keyof typeof MessageType,
  init: MessageInitShape<typeof AgentMessageSchema> = {},
): AgentMessage {
  return create(AgentMessageSchema, { ...init, type: MessageType[type] });
}

/** Records so many tasks with the ids `${prefix}1`, `${prefix}2`, … */
export function recordTasks(log: MessageLog, count: number, prefix = ''): void {
  for (let i = 1; i <= count; i += 1) {
    log.record({ message: message('TASK', { id: `${prefix}${i}` }), instanceId: 'a/1' });
  }
}

/** The ids of the messages that a log holds, the newest first. */
export function idsIn(log: MessageLog): string[] {
  return Array.from(log.newestFirst(), ({ message }) => message.id);
}
