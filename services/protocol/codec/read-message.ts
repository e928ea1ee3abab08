import { fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  AttachmentSchema,
  HeartbeatSchema,
  RoutingSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { READ_OPTIONS } from '../../rpc/codec.ts';
import { admitFields } from '../admit-fields.ts';
import { newMessage } from './new-message.ts';
import { Payload } from './payload.ts';
import { EntryTag, LAST_FIELD, Tag, TimeTag } from './tags.ts';
import { UNUSUAL } from './unusual.ts';
import { WireReader } from './wire-reader.ts';

/**
 * Reads an AgentMessage as protobuf-es does, but for its payload, which stays as it is until somebody looks into it.
 * Throws what protobuf-es throws where the bytes are no AgentMessage, and INVALID_MESSAGE where it would have to look into
 * a payload that holds too much.
 */
export function readMessage(buffer: Buffer, start = 0, end = buffer.length): AgentMessage {
  try {
    return read(new WireReader(buffer, start, end));
  } catch {
    const bytes = buffer.subarray(start, end);
    // A payload that comes twice is looked into, to be merged.
    admitFields(AgentMessageSchema, bytes, { json: true });
    return fromBinary(AgentMessageSchema, bytes, READ_OPTIONS);
  }
}

function read(reader: WireReader): AgentMessage {
  const message = newMessage();
  while (reader.more) {
    const tag = reader.varint();
    switch (tag) {
      case Tag.id:
        message.id = reader.text();
        break;
      case Tag.sender:
        message.sender = reader.name();
        break;
      case Tag.receiver:
        message.receiver = reader.name();
        break;
      case Tag.type:
        message.type = reader.int32();
        break;
      case Tag.payload:
        once(message.payload);
        message.payload = readPayload(reader);
        break;
      case Tag.timestamp:
        once(message.timestamp);
        message.timestamp = readTime(reader, TimestampSchema);
        break;
      case Tag.correlationId:
        message.correlationId = reader.text();
        break;
      case Tag.ttl:
        once(message.ttl);
        message.ttl = readTime(reader, DurationSchema);
        break;
      case Tag.capability:
        message.capability = reader.name();
        break;
      case Tag.task:
        message.task = reader.text();
        break;
      case Tag.error:
        once(message.error);
        message.error = fromBinary(StatusSchema, reader.view(), READ_OPTIONS);
        break;
      case Tag.heartbeat:
        once(message.heartbeat);
        message.heartbeat = fromBinary(HeartbeatSchema, reader.view(), READ_OPTIONS);
        break;
      case Tag.headers:
        readHeader(reader, message.headers);
        break;
      case Tag.attachments:
        message.attachments.push(fromBinary(AttachmentSchema, reader.view(), READ_OPTIONS));
        break;
      case Tag.attempt:
        message.attempt = reader.uint32();
        break;
      case Tag.idempotencyKey:
        message.idempotencyKey = reader.text();
        break;
      case Tag.sequence:
        message.sequence = reader.uint32();
        break;
      case Tag.hops:
        message.hops = reader.uint32();
        break;
      case Tag.routing:
        once(message.routing);
        message.routing = fromBinary(RoutingSchema, reader.view(), READ_OPTIONS);
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

/**
 * Reads a Timestamp or Duration, which have the same fields. One that is negative, as few are, is left to
 * protobuf-es.
 */
function readTime<D extends typeof TimestampSchema | typeof DurationSchema>(
  reader: WireReader,
  schema: D,
): MessageShape<D> {
  const end = reader.delimited();
  const start = reader.at;
  try {
    return readPlainTime(reader, end, schema.typeName) as unknown as MessageShape<D>;
  } catch {
    reader.at = end;
    return fromBinary(schema, reader.buffer.subarray(start, end)) as MessageShape<D>;
  }
}

function readPlainTime(reader: WireReader, end: number, $typeName: string) {
  let seconds = 0;
  let nanos = 0;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === TimeTag.seconds) seconds = reader.varint();
    else if (tag === TimeTag.nanos) nanos = reader.int32();
    else throw UNUSUAL;
  }
  if (reader.at !== end) throw UNUSUAL;
  return { $typeName, seconds: BigInt(seconds), nanos };
}

function readHeader(reader: WireReader, headers: Record<string, string>): void {
  const end = reader.delimited();
  if (reader.varint() !== EntryTag.key) throw UNUSUAL;
  const name = reader.name();
  if (reader.varint() !== EntryTag.value || name === '__proto__') throw UNUSUAL;
  headers[name] = reader.text();
  if (reader.at !== end) throw UNUSUAL;
}

/** Keeps a field that is not known here, so that it is passed on. */
function keepUnknown(reader: WireReader, tag: number, message: AgentMessage): void {
  const no = tag >>> 3;
  const wireType = tag & 7;
  // A known field of another wire type than its own.
  if (no <= LAST_FIELD || tag > 0x7fffffff) throw UNUSUAL;
  const start = reader.at;
  reader.skip(wireType);
  message.$unknown ??= [];
  message.$unknown.push({ no, wireType, data: reader.buffer.subarray(start, reader.at) });
}
