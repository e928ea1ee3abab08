import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Agent } from '../../gen/troupe/v1/roster_pb.js';
import { Troupe } from '../../services/client/troupe.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue, type JsonValue, toValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { type Client, createClient } from '../../services/rpc/client.ts';
import { asking, CALLERS, callersOf } from '../orchestrator/callers.ts';
import { isLive, untilShown } from '../orchestrator/test-mesh.ts';
import { orchestratorWithoutLink } from '../orchestrator/without-link.ts';
import { type MeshProcess, Processes } from './processes.ts';

/** An orchestrator as a process, with those who call it. */
export interface Mesh {
  readonly processes: Processes;
  readonly orchestrator: MeshProcess;
  /** Its service, called by RPC. */
  readonly rpc: Client<typeof OrchestratorService>;
  /** A caller over a link. */
  readonly troupe: Troupe;
  /** Asks for the same by every way at once: of strangers, and of the client with a link and without one. */
  askAll(capability: string, payload: JsonValue, options?: { timeoutMs?: number }): Promise<JsonValue>[];
  /** Waits until the agent is on the roster with a live instance. */
  knows(id: string): Promise<Agent>;
  /** Waits until the roster shows the agent as asked. */
  shows(id: string, as: (agent: Agent | undefined) => boolean): Promise<Agent | undefined>;
  /** Ends everything that was started. */
  stop(): Promise<void>;
}

/** Starts an orchestrator as a process. */
export async function startMesh(env: NodeJS.ProcessEnv = {}): Promise<Mesh> {
  const processes = new Processes();
  const orchestrator = await processes.orchestrator(env);
  const channel = new Channel(orchestrator.address);
  const rpc = createClient(OrchestratorService, channel);
  const send = callersOf(rpc);
  const plain = await orchestratorWithoutLink(orchestrator.address);
  const troupe = new Troupe(orchestrator.address, { id: 'tester' });
  const troupeWithoutLink = new Troupe(plain.address, { id: 'tester' });
  return {
    processes,
    orchestrator,
    rpc,
    troupe,
    askAll: (capability, payload, { timeoutMs } = {}) => [
      ...CALLERS.map(async (way) => {
        const ttl = timeoutMs === undefined ? {} : { ttl: msToDuration(timeoutMs) };
        const message = { capability, payload: toValue(payload), ...ttl };
        return fromValue((await asking(send[way])(message)).payload);
      }),
      ...[troupe, troupeWithoutLink].map(
        async (caller) => (await caller.dispatch(capability, payload, { timeoutMs })).payload,
      ),
    ],
    knows: async (id) => (await untilShown(rpc, id, isLive))!,
    shows: (id, as) => untilShown(rpc, id, as),
    async stop() {
      troupe.close();
      troupeWithoutLink.close();
      await plain.close();
      channel.close();
      await processes.stop();
    },
  };
}
