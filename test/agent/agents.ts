import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { onTestFinished } from 'vitest';
import { type AgentMessage, AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, AgentServiceLinkRequestSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import type { AgentDefinition } from '../../services/agent/definition.ts';
import { type ServeOptions, serveAgent } from '../../services/agent/running-agent.ts';
import { Link } from '../../services/protocol/link/open-link.ts';
import { completeMessage } from '../../services/protocol/message.ts';
import { resultOfTask } from '../../services/protocol/task-sink.ts';
import { type JsonValue, toValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';

type MessageInit = Omit<MessageInitShape<typeof AgentMessageSchema>, 'payload'> & { payload?: JsonValue };

/** A message with a payload of JSON, complete. */
export function message({ payload = null, ...init }: MessageInit): AgentMessage {
  const made = create(AgentMessageSchema, { ...init, payload: toValue(payload) } as AgentMessage);
  return completeMessage(made, { sender: 'test' });
}

/** How a message is sent. */
export interface AskOptions {
  signal?: AbortSignal;
  /** Hears the PROGRESS; Handle tells none. */
  onProgress?: (news: AgentMessage) => void;
}

/** Sends a message, and answers the reply; its ERROR is thrown. An acknowledgement is nothing. */
export type Ask = (sent: MessageInit, options?: AskOptions) => Promise<AgentMessage | undefined>;

/** An agent that is served for one test, and both doors to it. */
export async function served(definition: Partial<AgentDefinition>, options?: ServeOptions) {
  const agent = await serveAgent({ id: 'tested', capabilities: {}, ...definition }, options);
  const channel = new Channel(agent.address);
  const client = createClient(AgentService, channel);
  const link = new Link({
    id: 'test',
    schema: AgentServiceLinkRequestSchema,
    call: (requests, call) => client.link(requests, call),
  });
  onTestFinished(async () => {
    link.cut();
    channel.close();
    await agent.close();
  });

  const handle: Ask = async (sent, options = {}) => {
    // The client's own default for a unary call is no word of its caller's.
    const { message: reply } = await client.handle(
      { message: message(sent) },
      { deadline: Deadline.never, ...options },
    );
    if (reply?.type === MessageType.ERROR) throw RpcError.fromStatus(reply.error!);
    return reply;
  };
  const overLink: Ask = async (sent, { signal = new AbortController().signal, onProgress } = {}) => {
    const reply = await resultOfTask((sink) =>
      link.send(
        message(sent),
        { progress: (news) => onProgress?.(news), result: sink.result, error: sink.error },
        { signal, deadline: Deadline.after(15_000) },
      ),
    );
    const acknowledged = sent.type === MessageType.BROADCAST && reply.payload === undefined;
    return acknowledged ? undefined : reply;
  };
  return { agent, client, link, ask: { Handle: handle, Link: overLink } };
}

/** Both doors, for tables: what holds at one holds at the other. */
export const DOORS = ['Handle', 'Link'] as const;
