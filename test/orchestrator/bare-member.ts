import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
} from '@bufbuild/protobuf';
import {
  Server,
  ServerCredentials,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import type { AgentCardSchema } from '../../gen/troupe/v1/agent_card_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { type Codecs, methodDefinition } from '../../services/rpc/codec.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { silent } from '../../services/rpc/log.ts';
import { OpenCalls } from '../../services/rpc/open-calls.ts';
import { serveBidi, serveServerStream } from '../../services/rpc/serve-stream.ts';
import { serveUnary } from '../../services/rpc/serve-unary.ts';
import { bind, type ServiceBinding } from '../../services/rpc/server.ts';

/** A member as a stranger writes it: with nothing but what is named here. */
export interface MemberInit {
  /** Its card. Default: the agent `stranger`, which can do `strange.work` and serves no link. */
  card?: MessageInitShape<typeof AgentCardSchema>;
  /** Describe. Default: answers the card. */
  describe?: Handlers<typeof AgentService>['describe'];
  /** Handle. Default: not served. */
  handle?: Handlers<typeof AgentService>['handle'];
  /** Link. Default: not served. */
  link?: Handlers<typeof AgentService>['link'];
  /** Health. Default: not served. */
  health?: Partial<Handlers<typeof Health>>;
  /** Where it listens. Default: a free port. */
  listen?: string;
  /** How its messages are read and written. Default: by protobuf-es. */
  codecs?: Codecs;
}

/** A member that is being served. */
export interface BareMember {
  address: string;
  /** Cuts it off. */
  close(): void;
}

/** The card of a stranger. */
export function strangersCard(init: MessageInitShape<typeof AgentCardSchema> = {}) {
  return { id: 'stranger', instanceId: 'stranger-1', capabilities: [{ name: 'strange.work' }], ...init };
}

/** Serves a member without any of our own machinery: no link, health or reflection unless it is given one. */
export function serveMember(init: MemberInit = {}): Promise<BareMember> {
  const card = strangersCard(init.card);
  const agent: Partial<Handlers<typeof AgentService>> = { describe: init.describe ?? (() => ({ card })) };
  if (init.handle) agent.handle = init.handle;
  if (init.link) agent.link = init.link;
  const services = [bind(AgentService, agent as Handlers<typeof AgentService>, init.codecs)];
  if (init.health) services.push(bind(Health, init.health as Handlers<typeof Health>));
  return serveBare(services, init.listen);
}

async function serveBare(services: readonly ServiceBinding[], listen = '127.0.0.1:0'): Promise<BareMember> {
  const server = new Server();
  for (const { service, handlers, codecs } of services) {
    const methods = service.methods.filter(({ localName }) => localName in handlers);
    const implementation: UntypedServiceImplementation = {};
    for (const method of methods) implementation[method.localName] = served(method, handlers);
    const definitions = service.methods.map((method) => [method.localName, methodDefinition(method, codecs)]);
    server.addService(Object.fromEntries(definitions), implementation);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const host = listen.slice(0, listen.lastIndexOf(':'));
  return { address: `${host}:${port}`, close: () => server.forceShutdown() };
}

function served(method: DescMethod, handlers: ServiceBinding['handlers']): UntypedHandleCall {
  const handler = handlers[method.localName] as never;
  switch (method.methodKind) {
    case 'unary':
      return serveUnary(method as DescMethodUnary, handler, new OpenCalls(silent));
    case 'bidi_streaming':
      return serveBidi(method as DescMethodBiDiStreaming, handler, new OpenCalls(silent));
    default:
      return serveServerStream(method as DescMethodServerStreaming, handler, new OpenCalls(silent));
  }
}
