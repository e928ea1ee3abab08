import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';

/** What time it is, by the wall clock. */
export function wallClock(): Timestamp {
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  return {
    $typeName: 'google.protobuf.Timestamp',
    seconds: BigInt(seconds),
    nanos: (now - seconds * 1000) * 1_000_000,
  };
}

/**
 * A message with nothing in it, as protobuf-es's `create` makes it. That takes 2 µs, this next to nothing; and as every
 * message has the same fields in the same order, what works on them is compiled once.
 */
export function newMessage(): AgentMessage {
  return {
    $typeName: 'troupe.v1.AgentMessage',
    id: '',
    sender: '',
    receiver: '',
    type: MessageType.UNSPECIFIED,
    payload: undefined,
    timestamp: undefined,
    correlationId: '',
    ttl: undefined,
    capability: '',
    task: '',
    error: undefined,
    heartbeat: undefined,
    headers: {},
    attachments: [],
    attempt: 0,
    idempotencyKey: '',
    sequence: 0,
    hops: 0,
    routing: undefined,
    $unknown: undefined,
  };
}
