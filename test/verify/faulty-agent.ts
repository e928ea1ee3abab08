import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { AgentCard } from '../../gen/troupe/v1/agent_card_pb.js';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, type AgentServiceLinkRequest } from '../../gen/troupe/v1/agent_service_pb.js';
import { withConformanceProbe } from '../../services/agent/conformance-probe.ts';
import { type AgentDefinition, type RunningAgent, serveAgent } from '../../services/agent/index.ts';
import type { CallContext } from '../../services/rpc/call-context.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { type Client, createClient } from '../../services/rpc/client.ts';
import { methodDefinition } from '../../services/rpc/codec.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { silent } from '../../services/rpc/log.ts';
import { OpenCalls } from '../../services/rpc/open-calls.ts';
import { serveBidi, serveServerStream } from '../../services/rpc/serve-stream.ts';
import { serveUnary } from '../../services/rpc/serve-unary.ts';
import { bind, type ServiceBinding } from '../../services/rpc/server.ts';
import type { AgentProcess } from '../../services/verify/index.ts';

/** The client of the sound agent that stands behind a faulty one. */
export type Sound = Client<typeof AgentService>;

type Replies = AsyncIterable<{ messages: AgentMessage[] }>;

/** What is wrong with an agent. Where nothing is said, it does as the sound one behind it. */
export interface Fault {
  /** What a check has to see of it. */
  readonly seen: RegExp;
  /** What the sound agent is, other than usual. */
  readonly definition?: Partial<AgentDefinition>;
  /** What it says of itself. */
  readonly card?: (card: AgentCard) => AgentCard | undefined;
  /** What it takes a message for that comes; nothing: it loses it. */
  readonly asked?: (message: AgentMessage) => AgentMessage | undefined;
  /** What it answers instead of a reply. */
  readonly reply?: (reply: AgentMessage) => AgentMessage | AgentMessage[];
  /** How it handles a message. */
  readonly handle?: (message: AgentMessage | undefined, sound: Sound) => Promise<AgentMessage | undefined>;
  /** How it serves a link. */
  readonly link?: (
    requests: AsyncIterable<AgentServiceLinkRequest>,
    sound: Sound,
    context: CallContext,
  ) => Replies;
  /** What it serves beside AgentService. Default: nothing. */
  readonly beside?: readonly ServiceBinding[];
  /** What becomes of it at SIGTERM. */
  readonly process?: (agent: RunningAgent) => AgentProcess;
}

/** An agent that is served. */
export interface Served {
  readonly address: string;
  readonly process?: AgentProcess;
  close(): Promise<void>;
}

const TRACE_METADATA = ['traceparent', 'baggage'];

/** The sound agent: with the probe, and a second capability. */
export const soundDefinition: AgentDefinition = withConformanceProbe({
  id: 'sound',
  capabilities: { 'text.upper': { handle: (text: string) => text.toUpperCase() } },
});

/** Serves an agent with a fault: a sound one, and before it a server that spoils what goes through. */
export async function serveFaulty(fault: Fault): Promise<Served> {
  const agent = await serveAgent({ ...soundDefinition, ...fault.definition });
  if (fault.process) {
    return { address: agent.address, process: fault.process(agent), close: () => agent.close() };
  }
  const channel = new Channel(agent.address);
  const handlers = spoiled(fault, createClient(AgentService, channel));
  const server = await serveBare([bind(AgentService, handlers), ...(fault.beside ?? [])]);
  return {
    address: server.address,
    async close() {
      await server.close();
      channel.close();
      await agent.close();
    },
  };
}

function spoiled(fault: Fault, sound: Sound): Handlers<typeof AgentService> {
  const { asked = (message) => message, reply = (message) => message } = fault;
  return {
    async describe() {
      const { card } = await sound.describe({});
      const said = card && fault.card ? fault.card(card) : card;
      return said ? { card: said } : {};
    },
    async handle({ message }, { signal, deadline, headers: metadata }) {
      const answer = async () => {
        if (fault.handle) return fault.handle(message, sound);
        const taken = message && asked(message);
        const headers = Object.fromEntries(TRACE_METADATA.map((name) => [name, metadata.get(name) ?? '']));
        return (await sound.handle(taken ? { message: taken } : {}, { signal, deadline, headers })).message;
      };
      const [first] = [await answer()].flatMap((came) => (came ? reply(came) : []));
      return first ? { message: first } : {};
    },
    async *link(requests, context) {
      const sent = mapBatches(requests, (message) => asked(message) ?? []);
      const replies = fault.link
        ? fault.link(sent, sound, context)
        : sound.link(sent, { signal: context.signal });
      yield* mapBatches(replies, reply);
    },
  };
}

/** The same batches, each message made into none, one or several. */
export async function* mapBatches<B extends { messages: AgentMessage[] }>(
  batches: AsyncIterable<B>,
  map: (message: AgentMessage) => AgentMessage | AgentMessage[],
): AsyncGenerator<B, void> {
  for await (const batch of batches) yield { ...batch, messages: batch.messages.flatMap(map) };
}

/** A server of the services alone: without health and reflection, which every RpcServer has. */
export async function serveBare(services: readonly ServiceBinding[]): Promise<Served> {
  const server = new Server();
  const calls = new OpenCalls(silent);
  for (const { service, handlers } of services) {
    const definition = service.methods.map((method) => [method.localName, methodDefinition(method)]);
    const implementation = service.methods.map((method) => {
      const handler = handlers[method.localName] as never;
      if (method.methodKind === 'unary')
        return [method.localName, serveUnary(method as never, handler, calls)];
      const serve = (
        method.methodKind === 'bidi_streaming' ? serveBidi : serveServerStream
      ) as typeof serveServerStream;
      return [method.localName, serve(method as never, handler, calls)];
    });
    server.addService(
      Object.fromEntries(definition),
      Object.fromEntries(implementation) as UntypedServiceImplementation,
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
}
