import { create } from '@bufbuild/protobuf';
import type { Status } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';

/** What a kept message takes beside its texts and bytes: a row of numbers and references, and its strings' own. */
const ROW_BYTES = 512;

/**
 * About how many bytes of memory a message takes without its payload, its `error` and the content of its attachments;
 * a character of text counts as two.
 */
export function envelopeBytes(message: AgentMessage): number {
  const { id, sender, receiver, correlationId, capability, task, idempotencyKey, headers, routing } = message;
  let characters = id.length + sender.length + receiver.length + correlationId.length;
  characters += capability.length + task.length + idempotencyKey.length;
  for (const name in headers) characters += name.length + (headers[name]?.length ?? 0);
  for (const { name, mediaType } of message.attachments) characters += name.length + mediaType.length;
  if (routing) {
    characters += routing.affinityKey.length;
    for (const key in routing.labels) characters += key.length + (routing.labels[key]?.length ?? 0);
  }
  return ROW_BYTES + 2 * characters;
}

/** A copy of a status that holds on to no buffer that it was decoded from. */
export function statusOf(status: Status): Status {
  // Decoded bytes are a view of the whole batch that they came in.
  const details = status.details.map((detail) => ({ ...detail, value: new Uint8Array(detail.value) }));
  return { ...status, details };
}

/** About how many bytes of memory a status takes. */
export function statusBytes({ message, details }: Status): number {
  return details.reduce(
    (sum, { typeUrl, value }) => sum + 2 * typeUrl.length + value.length,
    2 * message.length,
  );
}

/** A copy of an attachment that tells what it is, and holds nothing of it. */
export function withoutContent({ name, mediaType }: Attachment): Attachment {
  return create(AttachmentSchema, { name, mediaType });
}
