import type { DescService } from '@bufbuild/protobuf';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '../../gen/grpc/health/v1/health_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import {
  type AgentDefinition,
  type RunningAgent,
  type ServeOptions,
  serveAgent,
} from '../../services/agent/index.ts';
import { troupeError } from '../../services/protocol/reason.ts';
import type { CallContext } from '../../services/rpc/call-context.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { neverSent } from '../../services/rpc/never-sent.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer, type ServiceBinding } from '../../services/rpc/server.ts';
import { serveMember } from './bare-member.ts';

/** An orchestrator that serves no link. */
export interface WithoutLink {
  address: string;
  /** How many links it was asked for, and refused. */
  links(): number;
  /** Leaves well: finishes what it has, and closes. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Stands before the orchestrator at `address` as one that serves no link, and hands everything else on. */
export async function orchestratorWithoutLink(address: string, listen = '127.0.0.1:0'): Promise<WithoutLink> {
  const channel = new Channel(address);
  let links = 0;
  // biome-ignore lint/correctness/useYield: it refuses before there is anything to say.
  const link: Handlers<typeof OrchestratorService>['link'] = async function* () {
    links++;
    throw new RpcError(Code.UNIMPLEMENTED, 'No links here.');
  };
  const services = [forward(OrchestratorService, channel, { link }), forward(StateService, channel, {})];
  const server = new RpcServer({ services });
  return {
    address: await server.listen(listen),
    links: () => links,
    async drain() {
      await server.drain();
      channel.close();
    },
    async close() {
      await server.close();
      channel.close();
    },
  };
}

/** An agent as a test sees it, whichever way its tasks come. */
export type ServedAgent = Pick<RunningAgent, 'card' | 'address' | 'history' | 'drain' | 'close'>;

/**
 * Serves an agent that takes its tasks by Handle: before it stands a member whose card says that it serves no link.
 * The member listens at `listen`, by default on a free port.
 */
export async function agentWithoutLink(
  definition: AgentDefinition,
  options: ServeOptions = {},
  listen = '127.0.0.1:0',
): Promise<ServedAgent> {
  const served = Promise.withResolvers<Channel>();
  const agent = async () => createClient(AgentService, await served.promise);
  const health = async () => createClient(Health, await served.promise);
  const member = await serveMember({
    listen,
    async describe(request, context) {
      const { card } = await (await agent()).describe(request, on(context));
      return { card: { ...card!, servesLink: false } };
    },
    async handle(request, context) {
      try {
        return await (await agent()).handle(request, on(context));
      } catch (error) {
        if (neverSent(error as RpcError)) throw leaving();
        throw error;
      }
    },
    health: {
      check: async (request, context) => (await health()).check(request, on(context)),
      async *watch(request, context) {
        try {
          yield* (await health()).watch(request, on(context));
        } catch {
          // It has left, or is leaving: only its farewell is still to come.
          yield { status: Serving.NOT_SERVING };
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
        }
      },
    },
  });
  const running = await serveAgent(definition, { advertise: member.address, ...options });
  const channel = new Channel(running.address);
  served.resolve(channel);
  const leave = () => {
    member.close();
    channel.close();
  };
  return {
    card: running.card,
    address: member.address,
    get history() {
      return running.history;
    },
    async drain(graceMs) {
      await running.drain(graceMs);
      leave();
    },
    async close() {
      leave();
      await running.close();
    },
  };
}

/** A service that hands every call on to the one behind `channel`, but those in `own`. */
function forward<S extends DescService>(
  service: S,
  channel: Channel,
  own: Partial<Handlers<S>>,
): ServiceBinding {
  const client = createClient(service, channel) as Record<
    string,
    (request: never, options: object) => unknown
  >;
  const handlers = service.methods.map(({ localName }) => [
    localName,
    (request: never, context: CallContext) => {
      if (context.draining.aborted) throw leaving();
      return client[localName]!(request, on(context));
    },
  ]);
  return bind(service, { ...Object.fromEntries(handlers), ...own } as Handlers<S>);
}

/** What one says who is about to leave, or has left what it stands before. */
function leaving(): RpcError {
  return troupeError('DRAINING', 'This one is about to leave.');
}

/** What a call that is handed on keeps of the one that came. */
function on({ signal, deadline }: CallContext) {
  return { signal, deadline };
}
