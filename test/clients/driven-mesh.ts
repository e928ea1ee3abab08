import { type RunningAgent, serveAgent } from '../../services/agent/index.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';

/** A mesh that clients drive, each of its addresses `host:port`. */
export interface DrivenMesh {
  /** The orchestrator's gRPC. */
  readonly grpc: string;
  /** The orchestrator's HTTP door. */
  readonly http: string;
  /** The agent `counter`, whose one capability `numbers.count` counts to `to`, told as PROGRESS. */
  readonly agent: string;
  /** Drains the agent, which ends only once what is in flight has ended; settles when it says so. */
  close(): Promise<void>;
}

/** Starts an orchestrator and an agent that is on its roster. */
export async function startDrivenMesh(): Promise<DrivenMesh> {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0', http: '127.0.0.1:0' });
  const agent = await serveAgent(
    {
      id: 'counter',
      capabilities: {
        'numbers.count': {
          input: { type: 'object', required: ['to'], properties: { to: { type: 'integer' } } },
          handle: ({ to }: { to: number }, task) => {
            for (let n = 1; n <= to; n++) task.progress({ n });
            return { counted: to };
          },
        },
      },
    },
    { orchestrators: [orchestrator.address] },
  );
  return {
    grpc: orchestrator.address,
    http: orchestrator.http ?? '',
    agent: agent.address,
    close: () => closeBoth(agent, orchestrator),
  };
}

async function closeBoth(agent: RunningAgent, orchestrator: Orchestrator): Promise<void> {
  await agent.close();
  await orchestrator.close();
}
