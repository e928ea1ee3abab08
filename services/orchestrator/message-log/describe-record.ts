import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Status, StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { type MessageRecord, MessageRecordSchema } from '../../../gen/troupe/v1/message_record_pb.js';
import { codecOf } from '../../rpc/codec.ts';
import type { LogRecord } from './message-log.ts';

const codec = codecOf(AgentMessageSchema);

/** A record as it is told to callers. */
export function describeRecord(record: LogRecord): MessageRecord {
  const { durationMs } = record;
  const outcome = outcomeOf(record);
  return create(MessageRecordSchema, {
    sequence: BigInt(record.sequence),
    recordedAt: timestampFromMs(record.recordedAt),
    message: messageOf(record),
    instanceId: record.instanceId,
    ...(outcome && { outcome }),
    ...(durationMs !== undefined && { duration: durationFromMs(Math.round(durationMs)) }),
  });
}

function outcomeOf({ outcome, message }: LogRecord): Status | undefined {
  return outcome ?? (message.type === MessageType.RESULT ? create(StatusSchema) : undefined);
}

function messageOf({ whole, message }: LogRecord): AgentMessage {
  if (!whole) return message;
  try {
    return codec.deserialize(whole);
  } catch {
    // What is forwarded is not looked into: a payload may be there that does not decode.
    return message;
  }
}
