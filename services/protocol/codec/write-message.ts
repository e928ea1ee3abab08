import { type MessageShape, toBinary } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  AttachmentSchema,
  HeartbeatSchema,
  RoutingSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { newMessage } from './new-message.ts';
import { Payload } from './payload.ts';
import { EntryTag, Tag, TimeTag } from './tags.ts';
import { UNUSUAL } from './unusual.ts';
import type { WireWriter } from './wire-writer.ts';

/** More seconds than any clock of ours will count: 30,000 years. */
const MAX_SECONDS = 2n ** 40n;

/**
 * Writes an AgentMessage, without its length: the same bytes as protobuf-es's, and a payload that was read from bytes
 * as it came. Throws what protobuf-es throws where the message cannot be written.
 */
export function writeMessage(writer: WireWriter, message: AgentMessage): void {
  const before = writer.length;
  try {
    writeFields(writer, message);
  } catch (thrown) {
    if (thrown !== UNUSUAL) throw thrown;
    writer.backTo(before);
    writer.raw(toBinary(AgentMessageSchema, message));
  }
}

/** Writes the fields from the last to the first, as the writer wants them. */
function writeFields(writer: WireWriter, message: AgentMessage): void {
  writeUnknown(writer, message);
  if (message.routing) writeBytes(writer, Tag.routing, toBinary(RoutingSchema, message.routing));
  writeNumber(writer, Tag.hops, message.hops);
  writeNumber(writer, Tag.sequence, message.sequence);
  writeText(writer, Tag.idempotencyKey, message.idempotencyKey);
  writeNumber(writer, Tag.attempt, message.attempt);
  for (let i = message.attachments.length - 1; i >= 0; i--) {
    writeBytes(writer, Tag.attachments, toBinary(AttachmentSchema, message.attachments[i]!));
  }
  writeHeaders(writer, message.headers);
  if (message.heartbeat) writeBytes(writer, Tag.heartbeat, toBinary(HeartbeatSchema, message.heartbeat));
  if (message.error) writeBytes(writer, Tag.error, toBinary(StatusSchema, message.error));
  writeText(writer, Tag.task, message.task);
  writeText(writer, Tag.capability, message.capability);
  if (message.ttl) writeTime(writer, Tag.ttl, DurationSchema, message.ttl);
  writeText(writer, Tag.correlationId, message.correlationId);
  if (message.timestamp) writeTime(writer, Tag.timestamp, TimestampSchema, message.timestamp);
  if (message.payload) writePayload(writer, message.payload);
  writeType(writer, message.type);
  writeText(writer, Tag.receiver, message.receiver);
  writeText(writer, Tag.sender, message.sender);
  writeText(writer, Tag.id, message.id);
}

function writeText(writer: WireWriter, tag: number, text: string): void {
  if (text === '') return;
  writer.text(text);
  writer.varint(tag);
}

function writeNumber(writer: WireWriter, tag: number, number: number): void {
  if (number === 0) return;
  if (!isUint32(number)) throw UNUSUAL;
  writer.varint(number);
  writer.varint(tag);
}

function writeType(writer: WireWriter, type: number): void {
  // An enum is an int32, and one below zero takes ten bytes.
  if (type >= 0) writeNumber(writer, Tag.type, type);
  else writer.raw(toBinary(AgentMessageSchema, { ...newMessage(), type }));
}

function writeBytes(writer: WireWriter, tag: number, bytes: Uint8Array): void {
  writer.raw(bytes);
  writer.varint(bytes.length);
  writer.varint(tag);
}

function writePayload(writer: WireWriter, payload: NonNullable<AgentMessage['payload']>): void {
  if (!(payload instanceof Payload)) return writeBytes(writer, Tag.payload, toBinary(ValueSchema, payload));
  writer.raw(payload.buffer, payload.start, payload.end);
  writer.varint(payload.end - payload.start);
  writer.varint(Tag.payload);
}

/**
 * Writes a Timestamp or Duration, which have the same fields. One that is negative, as few are, is left to
 * protobuf-es.
 */
function writeTime<D extends typeof TimestampSchema | typeof DurationSchema>(
  writer: WireWriter,
  tag: number,
  schema: D,
  time: MessageShape<D>,
): void {
  const { seconds, nanos, $unknown } = time;
  if (seconds < 0n || seconds > MAX_SECONDS || !isUint32(nanos) || $unknown) {
    return writeBytes(writer, tag, toBinary(schema, time));
  }
  const before = writer.length;
  if (nanos !== 0) {
    writer.varint(nanos);
    writer.varint(TimeTag.nanos);
  }
  if (seconds !== 0n) {
    writer.varint(Number(seconds));
    writer.varint(TimeTag.seconds);
  }
  writer.varint(writer.length - before);
  writer.varint(tag);
}

function writeHeaders(writer: WireWriter, headers: Readonly<Record<string, string>>): void {
  const names = Object.keys(headers);
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i]!;
    const before = writer.length;
    writer.text(headers[name]!);
    writer.varint(EntryTag.value);
    writer.text(name);
    writer.varint(EntryTag.key);
    writer.varint(writer.length - before);
    writer.varint(Tag.headers);
  }
}

function writeUnknown(writer: WireWriter, { $unknown }: AgentMessage): void {
  if (!$unknown) return;
  for (let i = $unknown.length - 1; i >= 0; i--) {
    const { no, wireType, data } = $unknown[i]!;
    writer.raw(data);
    writer.varint(((no << 3) | wireType) >>> 0);
  }
}

function isUint32(number: number): boolean {
  return number >>> 0 === number;
}
