import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Agent } from '../../gen/troupe/v1/roster_pb.js';
import { Troupe } from '../../services/client/troupe.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { type Client, createClient } from '../../services/rpc/client.ts';
import { isLive, untilShown } from '../orchestrator/test-mesh.ts';
import { type MeshProcess, Processes } from './processes.ts';

/** An orchestrator as a process, with those who call it. */
export interface Mesh {
  readonly processes: Processes;
  readonly orchestrator: MeshProcess;
  /** Its service, called by RPC. */
  readonly rpc: Client<typeof OrchestratorService>;
  /** A caller over a link. */
  readonly troupe: Troupe;
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
  const troupe = new Troupe(orchestrator.address, { id: 'tester' });
  return {
    processes,
    orchestrator,
    rpc,
    troupe,
    knows: async (id) => (await untilShown(rpc, id, isLive))!,
    shows: (id, as) => untilShown(rpc, id, as),
    async stop() {
      troupe.close();
      channel.close();
      await processes.stop();
    },
  };
}
