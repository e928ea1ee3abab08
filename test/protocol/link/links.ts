import { create } from '@bufbuild/protobuf';
import { onTestFinished } from 'vitest';
import { type AgentMessage, HeartbeatSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import {
  AgentService,
  AgentServiceLinkRequestSchema,
  AgentServiceLinkResponseSchema,
} from '../../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { LinkOptions } from '../../../services/protocol/link/link-options.ts';
import { Link } from '../../../services/protocol/link/open-link.ts';
import { type LinkService, serveLink } from '../../../services/protocol/link/serve-link.ts';
import type { TaskHandler, TaskSink } from '../../../services/protocol/task-sink.ts';
import { Channel } from '../../../services/rpc/channel.ts';
import { type Client, createClient } from '../../../services/rpc/client.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import type { BidiHandler } from '../../../services/rpc/handlers.ts';
import type { RpcError } from '../../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../../services/rpc/server.ts';
import type { StopSignal } from '../../../services/rpc/stop-signal.ts';

type AgentLink = Link<typeof AgentServiceLinkRequestSchema>;

/**
 * Serves `handler` as the Link of an agent, and answers the server and a client; both are closed after the
 * test.
 */
export async function serve(handler: BidiHandler<typeof AgentService.method.link>) {
  const handlers = { describe: () => ({}), handle: () => ({}), link: handler };
  const server = new RpcServer({ services: [bind(AgentService, handlers)] });
  const channel = new Channel(await server.listen('127.0.0.1:0'));
  onTestFinished(async () => {
    channel.close();
    await server.close();
  });
  return { server, client: createClient(AgentService, channel) };
}

/** Serves a link whose every part may be replaced; tasks are never answered unless a test says how. */
export function serveTasks(service: Partial<LinkService<typeof AgentServiceLinkResponseSchema>>) {
  return serve((requests, context) =>
    serveLink(requests, context, {
      id: 'server',
      schema: AgentServiceLinkResponseSchema,
      task: () => {},
      broadcast: async () => undefined,
      heartbeat: () => create(HeartbeatSchema, { status: AgentStatus.IDLE }),
      ...service,
    }),
  );
}

/** Keeps every task open for a test to answer. */
export function kept() {
  const tasks = new Map<string, { task: AgentMessage; sink: TaskSink; signal: StopSignal }>();
  let told = () => {};
  const handler: TaskHandler = (task, sink, { signal }) => {
    tasks.set(task.id, { task, sink, signal });
    told();
  };
  /** The task of that id, as soon as it has come. */
  const get = async (id: string) => {
    while (!tasks.has(id)) {
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
    return tasks.get(id)!;
  };
  return { handler, get };
}

/** The reason with which a signal aborts, when it does. */
export function aborted(signal: StopSignal): Promise<RpcError> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
}

/** Opens a link, and cuts it after the test. */
export function open(
  client: Client<typeof AgentService>,
  options: Partial<LinkOptions<typeof AgentServiceLinkRequestSchema>> = {},
): AgentLink {
  const link = new Link({
    id: 'opener',
    schema: AgentServiceLinkRequestSchema,
    call: (requests, call) => client.link(requests, call),
    ...options,
  });
  onTestFinished(() => link.cut());
  return link;
}

const NEVER = new AbortController().signal;

/** Sends a message over a link; answers its PROGRESS so far, and a promise of its end. */
export function ask(
  link: AgentLink,
  sent: AgentMessage,
  { signal = NEVER, deadline = Deadline.after(15_000) } = {},
) {
  const progress: AgentMessage[] = [];
  const { promise: end, resolve, reject } = Promise.withResolvers<AgentMessage>();
  end.catch(() => {});
  link.send(
    sent,
    { progress: (news) => void progress.push(news), result: resolve, error: reject },
    { signal, deadline },
  );
  return { progress, end };
}
