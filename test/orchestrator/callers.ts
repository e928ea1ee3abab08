import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  type AgentMessageSchema,
  MessageType,
} from '../../gen/troupe/v1/agent_message_pb.js';
import {
  type OrchestratorService,
  OrchestratorServiceLinkRequestSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { reasonOf } from '../../services/protocol/reason.ts';
import type { Client } from '../../services/rpc/client.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { Feed } from '../../services/rpc/feed.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';

/** The RPCs that take a task to an orchestrator; `Dispatch` stands for Send where the task names a receiver. */
export const CALLERS = ['Dispatch', 'DispatchStream', 'Link'] as const;
/** One of them. */
export type CallerWay = (typeof CALLERS)[number];

/** A message as a stranger writes it. */
export type MessageInit = MessageInitShape<typeof AgentMessageSchema>;

/** What its caller hears of a task. */
export type News =
  | { type: 'progress'; message: AgentMessage }
  | { type: 'result'; message: AgentMessage }
  | { type: 'error'; error: RpcError };

/** How a message is sent. */
export interface SendOptions {
  /** Cancels the task. */
  signal?: AbortSignal;
  /** The deadline of its gRPC call; a link has none for a single message. */
  deadline?: Deadline;
}

/** Sends a message; all that comes back is heard, what should not come included. */
export type Send = (message: MessageInit, options: SendOptions, hear: (news: News) => void) => void;

/** Sends a message and answers its RESULT; its ERROR is thrown. */
export type Ask = (
  message: MessageInit,
  options?: SendOptions & { onProgress?: (message: AgentMessage) => void },
) => Promise<AgentMessage>;

/**
 * Every way to send to an orchestrator, each as a stranger writes it. The link opens when it is first used, and again
 * when it has ended.
 */
export function callersOf(rpc: Client<typeof OrchestratorService>): Record<CallerWay, Send> {
  const unary = (message: MessageInit, options: SendOptions) =>
    message.receiver ? rpc.send({ message }, options) : rpc.dispatch({ message }, options);
  let link: Send | undefined;
  return {
    Dispatch: (message, { signal, deadline = Deadline.never }, hear) =>
      void unary(message, { deadline, ...(signal && { signal }) }).then(
        (response) => hear({ type: 'result', message: response.message! }),
        (thrown) => hear({ type: 'error', error: RpcError.from(thrown) }),
      ),
    DispatchStream: (message, options, hear) =>
      void hearAll(rpc.dispatchStream({ message }, options), options.signal, hear),
    Link: (message, options, hear) => {
      link ??= overLink(rpc, () => {
        link = undefined;
      });
      link(message, options, hear);
    },
  };
}

/** A caller that waits for the end. */
export function asking(send: Send): Ask {
  return (message, { onProgress, ...options } = {}) =>
    new Promise((resolve, reject) =>
      send(message, options, (news) => {
        if (news.type === 'error') reject(news.error);
        else if (news.type === 'result') resolve(news.message);
        else onProgress?.(news.message);
      }),
    );
}

async function hearAll(
  responses: AsyncIterable<{ message?: AgentMessage }>,
  signal: AbortSignal | undefined,
  hear: (news: News) => void,
): Promise<void> {
  let ended = false;
  try {
    for await (const { message } of responses) {
      ended ||= message!.type !== MessageType.PROGRESS;
      hear(newsIn(message!));
    }
  } catch (thrown) {
    // Between the RESULT and the end of the call, a cancel of ours is ours alone.
    if (ended && signal?.aborted) return;
    hear({ type: 'error', error: RpcError.from(thrown) });
  }
}

interface Sender {
  hear(news: News): void;
  ended: boolean;
}

/** One link, by the rules in `agent_service.proto` and none of our own code for it. */
function overLink(rpc: Client<typeof OrchestratorService>, onEnd: () => void): Send {
  const requests = new Feed<MessageInitShape<typeof OrchestratorServiceLinkRequestSchema>>({
    overflow: () => new Error('too many'),
  });
  const say = (message: MessageInit) =>
    requests.push(create(OrchestratorServiceLinkRequestSchema, { messages: [message] }));
  /** Whoever sent a message of an id, in their order. */
  const senders = new Map<string, Sender[]>();
  const tell = ({ correlationId }: AgentMessage, news: News) => {
    const open = (senders.get(correlationId) ?? []).filter(({ ended }) => !ended);
    // Such an ERROR is about the message that came second.
    const isDuplicate = news.type === 'error' && reasonOf(news.error) === 'DUPLICATE_ID';
    // What comes after the end is heard as well, by the last one.
    const sender = (isDuplicate ? open.at(-1) : open[0]) ?? senders.get(correlationId)?.at(-1);
    if (!sender) return;
    sender.ended ||= news.type !== 'progress';
    sender.hear(news);
  };
  let draining = false;
  const read = async () => {
    for await (const { messages } of rpc.link(requests)) {
      for (const message of messages) {
        if (message.type === MessageType.HEARTBEAT) draining = true;
        else tell(message, newsIn(message));
      }
      if (draining && [...senders.values()].flat().every(({ ended }) => ended)) requests.end();
    }
  };
  const lose = (thrown: unknown) => {
    onEnd();
    const error = RpcError.from(thrown);
    for (const { ended, hear } of [...senders.values()].flat()) if (!ended) hear({ type: 'error', error });
  };
  void read().then(() => lose(new Error('The link has ended.')), lose);

  return ({ id = randomUUID(), ...message }, { signal }, hear) => {
    senders.set(id, [...(senders.get(id) ?? []), { hear, ended: false }]);
    signal?.addEventListener('abort', () => say({ type: MessageType.CANCEL, correlationId: id }));
    say({ id, ...message });
  };
}

function newsIn(message: AgentMessage): News {
  if (message.type === MessageType.PROGRESS) return { type: 'progress', message };
  if (message.type === MessageType.RESULT) return { type: 'result', message };
  return { type: 'error', error: RpcError.fromStatus(message.error!) };
}
