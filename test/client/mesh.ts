import { onTestFinished } from 'vitest';
import { type AgentDefinition, serveAgent, type TaskContext } from '../../services/agent/index.ts';
import { type ConnectOptions, Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import type { AgentWay } from '../orchestrator/test-mesh.ts';
import { agentWithoutLink, orchestratorWithoutLink } from '../orchestrator/without-link.ts';

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

/**
 * An orchestrator with one agent, for one test; the agent takes its tasks over a link, or by Handle, and may know other
 * orchestrators.
 */
export async function mesh(
  agent: AgentDefinition = worker(),
  by: AgentWay = 'Link',
  others: readonly string[] = [],
) {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const serve = { Handle: agentWithoutLink, Link: serveAgent }[by];
  const running = await serve(agent, { orchestrators: [orchestrator.address, ...others] });
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

/** A stand-in for the orchestrator at `address` that serves no link, closed after the test. */
export async function withoutLink(address: string) {
  const orchestrator = await orchestratorWithoutLink(address);
  onTestFinished(() => orchestrator.close());
  return orchestrator;
}
