import { create } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { type Status, StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
  type Routing,
  RoutingSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';

/** What a kept message takes beside its texts and bytes: a row of numbers and references, and its strings' own. */
const ROW_BYTES = 512;

/** What an attachment, a header, a label or a detail takes beside its texts and bytes: an object, and its place in a list. */
const ENTRY_BYTES = 128;

/**
 * About how many bytes of memory a message takes without its payload, its `error` and the content of its attachments;
 * a character of text counts as two.
 */
export function envelopeBytes(message: AgentMessage): number {
  const { id, sender, receiver, correlationId, capability, task, idempotencyKey, headers, routing } = message;
  let characters = id.length + sender.length + receiver.length + correlationId.length;
  characters += capability.length + task.length + idempotencyKey.length;
  for (const { name, mediaType } of message.attachments) characters += name.length + mediaType.length;
  const entryBytes = message.attachments.length * ENTRY_BYTES + mapBytes(headers);
  const routingBytes = routing ? mapBytes(routing.labels) + 2 * routing.affinityKey.length : 0;
  return ROW_BYTES + 2 * characters + entryBytes + routingBytes;
}

function mapBytes(map: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const key in map) bytes += ENTRY_BYTES + 2 * (key.length + map[key]!.length);
  return bytes;
}

/** A copy of a status that holds on to no buffer that it was decoded from. */
export function statusOf(status: Status): Status {
  // Decoded bytes are a view of the whole batch that they came in.
  const details = status.details.map(({ typeUrl, value }) =>
    create(AnySchema, { typeUrl, value: new Uint8Array(value) }),
  );
  return create(StatusSchema, { code: status.code, message: status.message, details });
}

/** A copy of a routing that holds on to no buffer that it was decoded from. */
export function routingOf({ labels, affinityKey, hedge }: Routing): Routing {
  return create(RoutingSchema, { labels: { ...labels }, affinityKey, hedge });
}

/** About how many bytes of memory a status takes. */
export function statusBytes({ message, details }: Status): number {
  return details.reduce(
    (sum, { typeUrl, value }) => sum + ENTRY_BYTES + 2 * typeUrl.length + value.length,
    2 * message.length,
  );
}

/** A copy of an attachment that tells what it is, and holds nothing of it. */
export function withoutContent({ name, mediaType }: Attachment): Attachment {
  return create(AttachmentSchema, { name, mediaType });
}
