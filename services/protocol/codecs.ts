import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  AgentServiceLinkRequestSchema,
  AgentServiceLinkResponseSchema,
  HandleRequestSchema,
  HandleResponseSchema,
} from '../../gen/troupe/v1/agent_service_pb.js';
import {
  BroadcastRequestSchema,
  DispatchRequestSchema,
  DispatchResponseSchema,
  DispatchStreamRequestSchema,
  DispatchStreamResponseSchema,
  OrchestratorServiceLinkRequestSchema,
  OrchestratorServiceLinkResponseSchema,
  RunPipelineRequestSchema,
  SendRequestSchema,
  SendResponseSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { type Codec, type Codecs, codecOf, READ_OPTIONS } from '../rpc/codec.ts';
import { UNCOUNTED_BYTES } from '../rpc/count-fields.ts';
import { admitFields } from './admit-fields.ts';
import { BatchReader } from './codec/read-batch.ts';
import { readMessage } from './codec/read-message.ts';
import { WireReader } from './codec/wire-reader.ts';
import { WireWriter } from './codec/wire-writer.ts';
import { writeMessage } from './codec/write-message.ts';
import { Batch } from './encoded.ts';

/** The tag of a message's first field, where that is an AgentMessage or a list of them. */
const FIRST_FIELD = (1 << 3) | 2;

/** What a link carries. */
type LinkMessage = DescMessage & { field: { messages: unknown } };

/** What holds one AgentMessage, as its first field, and perhaps more. */
type Wrapper = DescMessage & { field: { message: unknown } };

/**
 * How many messages a batch may hold that is read. The contract lets senders put 256; what is made of 4 MiB of empty
 * messages would hold up everything else for a second.
 */
const MAX_READ = 4096;

const writer = new WireWriter();

/**
 * The codecs of all that carries AgentMessages between members: they do what protobuf-es does, and leave payloads as
 * they are. Broadcast's answers are not among them, which are many kinds of outcome. What holds more fields than any
 * message may is refused, INVALID_MESSAGE, before anything is made of it.
 */
export const messageCodecs: Codecs = new Map<DescMessage, Codec<DescMessage>>([
  ...[
    AgentServiceLinkRequestSchema,
    AgentServiceLinkResponseSchema,
    OrchestratorServiceLinkRequestSchema,
    OrchestratorServiceLinkResponseSchema,
  ].map((schema) => [schema, linkCodec(schema)] as const),
  ...[
    HandleRequestSchema,
    HandleResponseSchema,
    SendRequestSchema,
    SendResponseSchema,
    DispatchRequestSchema,
    DispatchResponseSchema,
    DispatchStreamRequestSchema,
    DispatchStreamResponseSchema,
    BroadcastRequestSchema,
  ].map((schema) => [schema, wrapperCodec(schema)] as const),
  [RunPipelineRequestSchema, plainCodec(RunPipelineRequestSchema)],
]);

function linkCodec<D extends LinkMessage>(schema: D): Codec<D> {
  return {
    serialize(init) {
      if (init instanceof Batch) return init.bytes;
      return toBuffer(toBinary(schema, create(schema, init)));
    },
    deserialize(bytes) {
      const buffer = toBuffer(bytes);
      const messages = readMessages(buffer);
      if (!messages) {
        checkCount(buffer);
        return readPlain(schema, buffer);
      }
      return { $typeName: schema.typeName, messages } as unknown as MessageShape<D>;
    },
  };
}

/** The messages of a link message; nothing where it holds anything else. */
function readMessages(buffer: Buffer): AgentMessage[] | undefined {
  const messages: AgentMessage[] = [];
  const reader = buffer.length > UNCOUNTED_BYTES ? new BatchReader() : undefined;
  for (let at = 0; at < buffer.length; ) {
    const found = firstField(buffer, at);
    if (!found) return undefined;
    if (messages.length === MAX_READ) throw tooMany();
    const { start, end } = found;
    messages.push(reader ? reader.read(buffer, start, end) : readMessage(buffer, start, end));
    at = found.end;
  }
  return messages;
}

/** Counts the fields of what is not read here, before anything is made of them. */
function checkCount(buffer: Buffer): void {
  const reader = new BinaryReader(buffer);
  for (let count = 0; reader.pos < reader.len; count++) {
    if (count === MAX_READ) throw tooMany();
    const [field, type] = reader.tag();
    reader.skip(type, field);
  }
}

function tooMany(): Error {
  return new Error(`a batch holds more than ${MAX_READ} messages`);
}

function wrapperCodec<D extends Wrapper>(schema: D): Codec<D> {
  return {
    serialize(init) {
      const { message, ...rest } = create(schema, init) as MessageShape<D> & { message?: AgentMessage };
      const after = toBinary(schema, rest as MessageShape<D>);
      writer.start();
      writer.raw(after);
      if (message) {
        writeMessage(writer, message);
        writer.varint(writer.length - after.length);
        writer.varint(FIRST_FIELD);
      }
      return writer.bytes();
    },
    deserialize(bytes) {
      const buffer = toBuffer(bytes);
      const found = firstField(buffer, 0);
      if (!found) return readPlain(schema, buffer);
      admitFields(schema, buffer);
      const wrapper = readPlain(schema, buffer.subarray(found.end)) as MessageShape<D> & {
        message?: AgentMessage;
      };
      // A field that comes twice is merged, which protobuf-es knows how to do.
      if (wrapper.message) return readPlain(schema, buffer);
      wrapper.message = readMessage(buffer, found.start, found.end);
      return wrapper;
    },
  };
}

function plainCodec<D extends DescMessage>(schema: D): Codec<D> {
  return { ...codecOf(schema), deserialize: (bytes) => readPlain(schema, bytes) };
}

/** Reads a message by protobuf-es, with the JSON in it. */
function readPlain<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  admitFields(schema, bytes, { json: true });
  return fromBinary(schema, bytes, READ_OPTIONS);
}

/** Where the first field lies that is at `at`; nothing where something else, or something malformed, is there. */
function firstField(buffer: Buffer, at: number): { start: number; end: number } | undefined {
  if (buffer[at] !== FIRST_FIELD) return undefined;
  try {
    const reader = new WireReader(buffer, at + 1);
    const end = reader.delimited();
    return { start: reader.at, end };
  } catch {
    return undefined;
  }
}

/** grpc-js takes nothing but a Buffer. This wraps, it copies nothing. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
