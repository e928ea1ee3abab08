import { create } from '@bufbuild/protobuf';
import type { Status } from '../../../gen/google/rpc/status_pb.js';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';

/**
 * What a kept message takes beside its texts and bytes: the objects that it is made of, measured and rounded
 * up.
 */
const OBJECT_BYTES = 1_024;

/**
 * A copy of a message to keep: without its payload, the content of its attachments, and fields that are not
 * known here, which could be either. It holds on to no buffer that the message was decoded from.
 */
export function envelopeOf(message: AgentMessage): AgentMessage {
  const envelope: AgentMessage = { ...message, payload: undefined, $unknown: undefined };
  if (message.attachments.length > 0) envelope.attachments = message.attachments.map(nameOnly);
  if (message.error) envelope.error = statusOf(message.error);
  return envelope;
}

/**
 * About how many bytes of memory an envelope takes without its `error`; a character of text counts as two.
 */
export function envelopeBytes(message: AgentMessage): number {
  const { id, sender, receiver, correlationId, capability, task, idempotencyKey, headers } = message;
  let characters = id.length + sender.length + receiver.length + correlationId.length;
  characters += capability.length + task.length + idempotencyKey.length;
  for (const name in headers) characters += name.length + (headers[name]?.length ?? 0);
  for (const { name, mediaType } of message.attachments) characters += name.length + mediaType.length;
  return OBJECT_BYTES + 2 * characters;
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

function nameOnly({ name, mediaType }: Attachment): Attachment {
  return create(AttachmentSchema, { name, mediaType });
}
