import {
  createRegistry,
  type DescField,
  type DescMessage,
  type JsonObject,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type Any,
  AnySchema,
  anyUnpack,
  type Duration,
  DurationSchema,
  StructSchema,
  type Timestamp,
  TimestampSchema,
  type Value,
  ValueSchema,
} from '@bufbuild/protobuf/wkt';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import { type AgentMessage, AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkResponseSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import { MessageRecordSchema } from '../../gen/troupe/v1/message_record_pb.js';
import {
  BroadcastResponseSchema,
  OrchestratorServiceLinkResponseSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { RpcError } from '../rpc/rpc-error.ts';
import { messageCodecs } from './codecs.ts';
import { Batch } from './encoded.ts';
import { durationForJson, timestampForJson } from './json-time.ts';
import { structForJson, valueForJson } from './json-value.ts';
import { mendEach } from './mend-each.ts';

/** The types that an Any may hold to be shown in JSON: the error details of google.rpc. */
export const jsonRegistry = createRegistry(file_google_rpc_error_details);

/** What was left out: a detail of an error, by its type URL, or the payload of a message, by the message's id. */
export type LeftOut = { readonly typeUrl: string } | { readonly messageId: string };

/** Told of each thing that was left out. */
export type OnLeftOut = (what: LeftOut) => void;

/** What holds messages about many tasks, or from many members: one that has no JSON costs none of the others. */
const SHARED: readonly DescMessage[] = [
  AgentServiceLinkResponseSchema,
  OrchestratorServiceLinkResponseSchema,
  BroadcastResponseSchema,
];

/**
 * A message as protobuf's JSON can hold it. The message itself stays as it is, since others may hold it too.
 *
 * - A batch that is encoded already is read.
 * - A Value without a kind becomes null.
 * - A time out of JSON's range becomes the nearest that it has.
 * - A detail of an error whose type is not known, or that does not decode, is left out.
 * - A payload that holds NaN or Infinity, or is no Value, is INVALID_PAYLOAD: an ERROR in place of the message on a
 *   link and in a broadcast, else thrown. That of a PROGRESS, and of a message in the log, is left out.
 */
export function forJson<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  onLeftOut: OnLeftOut,
): MessageShape<D> {
  return mendMessage(schema, readBatch(schema, message), onLeftOut);
}

function readBatch<D extends DescMessage>(schema: D, message: MessageShape<D>): MessageShape<D> {
  if (!(message instanceof Batch)) return message;
  return messageCodecs.get(schema)!.deserialize(message.bytes) as MessageShape<D>;
}

function mendMessage<T extends object>(schema: DescMessage, message: T, onLeftOut: OnLeftOut): T {
  const fields = message as Readonly<Record<string, unknown>>;
  const mended: Record<string, unknown> = {};
  for (const field of schema.fields) {
    // The schema tells where messages are, not the message: a map may have any name for a key.
    if (!field.message) continue;
    const name = field.oneof?.localName ?? field.localName;
    const held = field.oneof ? chosen(fields[name] as OneofValue, field) : fields[name];
    if (held === undefined) continue;
    const now = mendField(schema, field, held, onLeftOut);
    if (now !== held) mended[name] = field.oneof ? { case: field.localName, value: now } : now;
  }
  return Object.keys(mended).length === 0 ? message : { ...message, ...mended };
}

/** A oneof as protobuf-es has it. */
type OneofValue = { readonly case: string | undefined; readonly value?: unknown };

function chosen(oneof: OneofValue, field: DescField): unknown {
  return oneof.case === field.localName ? oneof.value : undefined;
}

function mendField(holder: DescMessage, field: DescField, held: unknown, onLeftOut: OnLeftOut): unknown {
  const mend = (one: unknown) => mendHeld(holder, field.message!, one, onLeftOut);
  return field.fieldKind === 'message' ? mend(held) : mendEach(held as unknown[], mend);
}

/** What is held by a message of the type `holder`; nothing where it has to be left out. */
function mendHeld(holder: DescMessage, schema: DescMessage, held: unknown, onLeftOut: OnLeftOut): unknown {
  switch (schema) {
    case ValueSchema:
      return valueForJson(held as Value);
    case StructSchema:
      return structForJson(held as JsonObject);
    case TimestampSchema:
      return timestampForJson(held as Timestamp);
    case DurationSchema:
      return durationForJson(held as Duration);
    case AnySchema:
      return mendDetail(held as Any, onLeftOut);
    case AgentMessageSchema:
      return mendAgentMessage(holder, held as AgentMessage, onLeftOut);
    default:
      return mendMessage(schema, held as object, onLeftOut);
  }
}

function mendAgentMessage(holder: DescMessage, message: AgentMessage, onLeftOut: OnLeftOut): AgentMessage {
  try {
    return mendMessage(AgentMessageSchema, message, onLeftOut);
  } catch (thrown) {
    const { payload: _, ...rest } = message;
    const bare = mendMessage(AgentMessageSchema, rest, onLeftOut);
    if (message.type === MessageType.PROGRESS || holder === MessageRecordSchema) {
      onLeftOut({ messageId: message.id });
      return bare;
    }
    if (!SHARED.includes(holder)) throw thrown;
    return { ...bare, type: MessageType.ERROR, error: RpcError.from(thrown).toStatus() };
  }
}

function mendDetail(detail: Any, onLeftOut: OnLeftOut): Any | undefined {
  try {
    const unpacked = anyUnpack(detail, jsonRegistry);
    if (unpacked) {
      const schema = jsonRegistry.getMessage(unpacked.$typeName)!;
      const mended = mendMessage(schema, unpacked, onLeftOut);
      return mended === unpacked ? detail : { ...detail, value: toBinary(schema, mended) };
    }
  } catch {
    // Details come from agents: one that does not decode is one of a type that is not known.
  }
  onLeftOut({ typeUrl: detail.typeUrl });
  return undefined;
}
