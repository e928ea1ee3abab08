import { onTestFinished } from 'vitest';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { type AgentDefinition, serveAgent, type TaskContext } from '../../services/agent/index.ts';
import { type ConnectOptions, Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';

/** What the agent `worker` of a test's mesh can do. */
export function worker(seen: (task: TaskContext) => void = () => {}): AgentDefinition {
  return {
    id: 'worker',
    onBroadcast: (payload) => payload,
    capabilities: {
      echo: { handle: (input) => input },
      fail: {
        handle: () => {
          throw new Error('boom');
        },
      },
      count: {
        handle: ({ to }: { to: number }, task) => {
          for (let n = 1; n <= to; n++) task.progress(n);
          task.attach({ name: 'count.txt', content: { case: 'data', value: Buffer.from(`${to}`) } });
          return to;
        },
      },
      hang: {
        handle: (_, task) => {
          seen(task);
          task.progress('hanging');
          return new Promise(() => {});
        },
      },
    },
  };
}

/** An orchestrator with one agent, for one test. */
export async function mesh(agent: AgentDefinition = worker()) {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const running = await serveAgent(agent, { orchestrators: [orchestrator.address] });
  onTestFinished(async () => {
    await running.close();
    await orchestrator.close();
  });
  return { orchestrator, agent: running, address: orchestrator.address };
}

/** A caller, closed after the test. */
export function caller(addresses: string | readonly string[], options: ConnectOptions = {}): Troupe {
  const troupe = new Troupe(addresses, options);
  onTestFinished(() => troupe.close());
  return troupe;
}

/** An orchestrator as one that serves no Link: it hands the streams on to the one at `address`. */
export async function withoutLink(address: string) {
  const channel = new Channel(address);
  const { dispatchStream } = createClient(OrchestratorService, channel);
  let links = 0;
  const handlers: Partial<Handlers<typeof OrchestratorService>> = {
    dispatchStream: (request, { signal, deadline }) => dispatchStream(request, { signal, deadline }),
    // biome-ignore lint/correctness/useYield: it refuses before there is anything to say.
    async *link() {
      links++;
      throw new RpcError(Code.UNIMPLEMENTED, 'No links here.');
    },
  };
  const server = new RpcServer({
    services: [bind(OrchestratorService, handlers as Handlers<typeof OrchestratorService>)],
  });
  onTestFinished(async () => {
    await server.close();
    channel.close();
  });
  return { address: await server.listen('127.0.0.1:0'), links: () => links };
}
