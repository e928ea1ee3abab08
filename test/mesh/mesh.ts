import { randomUUID } from 'node:crypto';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Agent } from '../../gen/troupe/v1/roster_pb.js';
import { Troupe } from '../../services/client/troupe.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue, type JsonValue, toValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { type Client, createClient } from '../../services/rpc/client.ts';
import type { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { asking, CALLERS, callersOf } from '../orchestrator/callers.ts';
import { isLive, untilShown } from '../orchestrator/test-mesh.ts';
import { orchestratorWithoutLink } from '../orchestrator/without-link.ts';
import { NETWORKS, Network, type NetworkKind } from './network.ts';
import { type MeshProcess, Processes } from './processes.ts';

/** How something is asked for by every way at once. */
export interface AskAllOptions {
  timeoutMs?: number;
  /** Whether each asks again, with the same key, as long as cuts explain its failure. Default: false. */
  again?: boolean;
}

/** An orchestrator as a process, with those who call it. */
export interface Mesh {
  readonly processes: Processes;
  readonly orchestrator: MeshProcess;
  /** Through which its members and its callers reach each other. */
  readonly network: Network;
  /** Where callers reach the orchestrator. */
  readonly address: string;
  /** Its service, called by RPC. */
  readonly rpc: Client<typeof OrchestratorService>;
  /** A caller over a link. */
  readonly troupe: Troupe;
  /** Starts an agent, which the orchestrator reaches through the network, and which so reaches it. */
  agent(file: string, env?: NodeJS.ProcessEnv): Promise<MeshProcess>;
  /** Asks for the same by every way at once: of strangers, and of the client with a link and without one. */
  askAll(capability: string, payload: JsonValue, options?: AskAllOptions): Promise<JsonValue>[];
  /** Waits until the agent is on the roster with a live instance. */
  knows(id: string): Promise<Agent>;
  /** Waits until the roster shows the agent as asked; it is looked at from beside the network. */
  shows(id: string, as: (agent: Agent | undefined) => boolean): Promise<Agent | undefined>;
  /** Ends everything that was started. */
  stop(): Promise<void>;
}

/** Starts an orchestrator as a process. Default: in a network that holds. */
export async function startMesh(kind: NetworkKind = NETWORKS[0]!): Promise<Mesh> {
  const processes = new Processes();
  const network = new Network(kind);
  const orchestrator = await processes.orchestrator();
  const address = await network.to(orchestrator.address);
  const channels = [orchestrator.address, address].map((to) => new Channel(to));
  const [beside, rpc] = channels.map((channel) => createClient(OrchestratorService, channel));
  const send = callersOf(rpc!);
  const plain = await orchestratorWithoutLink(orchestrator.address);
  const troupe = new Troupe(address, { id: 'tester' });
  const troupeWithoutLink = new Troupe(await network.to(plain.address), { id: 'tester' });
  const doors = new Map<string, TcpProxy>();
  const asks = (capability: string, payload: JsonValue, { timeoutMs }: AskAllOptions) => [
    ...CALLERS.map((way) => async (idempotencyKey: string) => {
      const ttl = timeoutMs === undefined ? {} : { ttl: msToDuration(timeoutMs) };
      const message = { capability, payload: toValue(payload), idempotencyKey, ...ttl };
      return fromValue((await asking(send[way])(message)).payload);
    }),
    ...[troupe, troupeWithoutLink].map((caller) => async (idempotencyKey: string) => {
      return (await caller.dispatch(capability, payload, { timeoutMs, idempotencyKey })).payload;
    }),
  ];
  return {
    processes,
    orchestrator,
    network,
    address,
    rpc: rpc!,
    troupe,
    async agent(file, env = {}) {
      if (!network.cutting) return processes.agent(file, orchestrator, env);
      // Who comes back where another was is reached as that one was.
      const door = doors.get(env.TROUPE_LISTEN ?? '') ?? (await network.door());
      const agent = await processes.agent(file, orchestrator, {
        TROUPE_ORCHESTRATORS: await network.to(orchestrator.address),
        TROUPE_ADVERTISE: door.address,
        TEST_IDEMPOTENT: '1',
        ...env,
      });
      door.leadTo(agent.address);
      doors.set(agent.address, door);
      return agent;
    },
    askAll: (capability, payload, options = {}) =>
      asks(capability, payload, options).map((ask) => {
        const key = randomUUID();
        return options.again ? network.sure(() => ask(key)) : ask(key);
      }),
    knows: async (id) => (await untilShown(beside!, id, isLive))!,
    shows: (id, as) => untilShown(beside!, id, as),
    async stop() {
      troupe.close();
      troupeWithoutLink.close();
      await plain.close();
      for (const channel of channels) channel.close();
      await processes.stop();
      network.close();
    },
  };
}
