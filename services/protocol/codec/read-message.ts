import { fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  AttachmentSchema,
  HeartbeatSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { READ_OPTIONS } from '../../rpc/codec.ts';
import * as tags from './message-tags.ts';
import { newMessage } from './new-message.ts';
import { Payload } from './payload.ts';
import { UNUSUAL } from './unusual.ts';
import { WireReader } from './wire-reader.ts';

/**
 * Reads an AgentMessage as protobuf-es does, but for its payload, which stays as it is until somebody looks into it.
 * Throws what protobuf-es throws where the bytes are no AgentMessage.
 */
export function readMessage(buffer: Buffer, start = 0, end = buffer.length): AgentMessage {
  try {
    return read(new WireReader(buffer, start, end));
  } catch {
    return fromBinary(AgentMessageSchema, buffer.subarray(start, end), READ_OPTIONS);
  }
}

function read(reader: WireReader): AgentMessage {
  const message = newMessage();
  while (reader.more) {
    const tag = reader.varint();
    switch (tag) {
      case tags.ID:
        message.id = reader.text();
        break;
      case tags.SENDER:
        message.sender = reader.name();
        break;
      case tags.RECEIVER:
        message.receiver = reader.name();
        break;
      case tags.TYPE:
        message.type = reader.int32();
        break;
      case tags.PAYLOAD:
        once(message.payload);
        message.payload = readPayload(reader);
        break;
      case tags.TIMESTAMP:
        once(message.timestamp);
        message.timestamp = readTime(reader, TimestampSchema);
        break;
      case tags.CORRELATION_ID:
        message.correlationId = reader.text();
        break;
      case tags.TTL:
        once(message.ttl);
        message.ttl = readTime(reader, DurationSchema);
        break;
      case tags.CAPABILITY:
        message.capability = reader.name();
        break;
      case tags.TASK:
        message.task = reader.text();
        break;
      case tags.ERROR:
        once(message.error);
        message.error = fromBinary(StatusSchema, reader.view(), READ_OPTIONS);
        break;
      case tags.HEARTBEAT:
        once(message.heartbeat);
        message.heartbeat = fromBinary(HeartbeatSchema, reader.view(), READ_OPTIONS);
        break;
      case tags.HEADERS:
        readHeader(reader, message.headers);
        break;
      case tags.ATTACHMENTS:
        message.attachments.push(fromBinary(AttachmentSchema, reader.view(), READ_OPTIONS));
        break;
      case tags.ATTEMPT:
        message.attempt = reader.uint32();
        break;
      case tags.IDEMPOTENCY_KEY:
        message.idempotencyKey = reader.text();
        break;
      case tags.SEQUENCE:
        message.sequence = reader.uint32();
        break;
      case tags.HOPS:
        message.hops = reader.uint32();
        break;
      default:
        keepUnknown(reader, tag, message);
    }
  }
  return message;
}

/** A message field that comes twice is merged, which protobuf-es knows how to do. */
function once(field: unknown): void {
  if (field !== undefined) throw UNUSUAL;
}

function readPayload(reader: WireReader): Payload {
  const end = reader.delimited();
  const payload = new Payload(reader.buffer, reader.at, end);
  reader.at = end;
  return payload;
}

/** Reads a Timestamp or Duration, which have the same fields. One that is negative, as few are, is left to protobuf-es. */
function readTime<D extends typeof TimestampSchema | typeof DurationSchema>(
  reader: WireReader,
  schema: D,
): MessageShape<D> {
  const end = reader.delimited();
  const start = reader.at;
  try {
    const time = { $typeName: schema.typeName, ...readSecondsAndNanos(reader, end) };
    return time as unknown as MessageShape<D>;
  } catch {
    reader.at = end;
    return fromBinary(schema, reader.buffer.subarray(start, end)) as MessageShape<D>;
  }
}

function readSecondsAndNanos(reader: WireReader, end: number): { seconds: bigint; nanos: number } {
  let seconds = 0;
  let nanos = 0;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === tags.SECONDS) seconds = reader.varint();
    else if (tag === tags.NANOS) nanos = reader.int32();
    else throw UNUSUAL;
  }
  if (reader.at !== end) throw UNUSUAL;
  return { seconds: BigInt(seconds), nanos };
}

function readHeader(reader: WireReader, headers: Record<string, string>): void {
  const end = reader.delimited();
  if (reader.varint() !== tags.KEY) throw UNUSUAL;
  const name = reader.name();
  if (reader.varint() !== tags.VALUE || name === '__proto__') throw UNUSUAL;
  headers[name] = reader.text();
  if (reader.at !== end) throw UNUSUAL;
}

/** Keeps a field that is not known here, so that it is passed on. */
function keepUnknown(reader: WireReader, tag: number, message: AgentMessage): void {
  const no = tag >>> 3;
  const wireType = tag & 7;
  // A known field of another wire type than its own.
  if (no <= tags.LAST_FIELD || tag > 0x7fffffff) throw UNUSUAL;
  const start = reader.at;
  reader.skip(wireType);
  message.$unknown ??= [];
  message.$unknown.push({ no, wireType, data: reader.buffer.subarray(start, reader.at) });
}
