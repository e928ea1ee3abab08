import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import {
  type AgentMessage,
  AgentMessageSchema,
  AttachmentSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { encodedSize } from '../../../services/protocol/encoded.ts';
import { completeMessage } from '../../../services/protocol/message.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

type MessageInit = MessageInitShape<typeof AgentMessageSchema>;

/** A message made of what a test says of it, complete. */
export function message(init: MessageInit): AgentMessage {
  return completeMessage(create(AgentMessageSchema, init), { sender: 'test' });
}

/** A TASK of the given id. */
export const task = (id: string, init: MessageInit = {}): AgentMessage => message({ id, ...init });

/** A HEARTBEAT that asks. */
export const heartbeat = (id: string): AgentMessage => message({ id, type: MessageType.HEARTBEAT });

/** The message with an attachment that makes it `bytes` long on the wire. */
export function sized(sent: AgentMessage, bytes: number): AgentMessage {
  const filled = (length: number) => {
    const content = { case: 'data', value: new Uint8Array(length) } as const;
    return create(AgentMessageSchema, {
      ...sent,
      attachments: [create(AttachmentSchema, { name: 'fill', content })],
    });
  };
  // Less what surrounds the data; its lengths take the same room a few bytes further down.
  return filled(bytes - (encodedSize(filled(bytes)) - bytes));
}

/** What an ERROR says: which message it is about, and the reason. */
export function refusalIn(reply: AgentMessage | undefined) {
  const reason = reply?.error && reasonOf(RpcError.fromStatus(reply.error));
  return { about: reply?.correlationId, reason };
}

/** What a promise is rejected with, which must be an RpcError. */
export async function failureOf(outcome: Promise<unknown>): Promise<RpcError> {
  const thrown = await outcome.then(
    () => expect.fail('It did not fail.'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(RpcError);
  return thrown as RpcError;
}

/** The code and reason of what a promise is rejected with. */
export async function reasonIn(outcome: Promise<unknown>) {
  return reasonOf(await failureOf(outcome));
}
