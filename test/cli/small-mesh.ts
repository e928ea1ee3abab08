import { once } from 'node:events';
import {
  type AgentDefinition,
  type RunningAgent,
  serveAgent,
  troupeError,
} from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/troupe.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { type Given, type Running, run, start } from './command-line.ts';

/** An orchestrator and an agent, and `troupe` to ask them with. */
export interface SmallMesh {
  readonly orchestrator: Orchestrator;
  readonly agent: RunningAgent;
  /** What the agent's task `text.wait` hears: aborts when it is cancelled. */
  readonly cancelled: AbortSignal;
  /** Runs `troupe` on this mesh to its end. */
  run(args: readonly string[], given?: Given): ReturnType<typeof run>;
  /** Starts `troupe` on this mesh. */
  start(args: readonly string[], given?: Given): Running;
  close(): Promise<void>;
}

/** Starts an orchestrator and one agent, `writer`, that is on its roster. */
export async function startSmallMesh(): Promise<SmallMesh> {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const cancelled = new AbortController();
  const agent = await serveAgent(writer(cancelled), { orchestrators: [orchestrator.address] });
  await joined(orchestrator.address);
  const on = (args: readonly string[]) => [...args, '-O', orchestrator.address];
  return {
    orchestrator,
    agent,
    cancelled: cancelled.signal,
    run: (args, given) => run(on(args), given),
    start: (args, given) => start(on(args), given),
    async close() {
      await agent.close();
      await orchestrator.close();
    },
  };
}

function writer(cancelled: AbortController): AgentDefinition {
  return {
    id: 'writer',
    version: '1.2.3',
    description: 'Writes in capitals.',
    labels: { region: 'eu' },
    capabilities: {
      'text.upper': {
        description: 'Writes a text in capitals.',
        input: {
          type: 'object',
          required: ['text'],
          properties: { text: { type: 'string' }, times: { type: 'integer', minimum: 1 } },
        },
        idempotent: true,
        defaultTtlMs: 5000,
        handle: ({ text }: { text: string }, task) => {
          task.progress({ read: text.length });
          task.progress('half way');
          return text.toUpperCase();
        },
      },
      'text.wait': {
        handle: async (_input, task) => {
          task.progress('waiting');
          await once(task.signal, 'abort');
          cancelled.abort();
          return null;
        },
      },
      'text.fail': {
        handle: () => {
          throw troupeError('OVERLOADED', 'The writer is tired.', { retryAfterMs: 1500 });
        },
      },
      'text.escape': { handle: () => '\u001b]0;mine\u0007now' },
      'document.copy': {
        handle: (input: { name?: string } | null, task) => {
          for (const { mediaType, content, name } of task.message.attachments) {
            task.attach({ name: input?.name ?? `copy of ${name}`, mediaType, content });
          }
          return task.message.attachments.map(({ name, mediaType }) => `${name}: ${mediaType}`);
        },
      },
    },
    onBroadcast: (payload) => (payload === 'speak' ? { heard: payload } : undefined),
  };
}

async function joined(address: string): Promise<void> {
  const troupe = new Troupe(address);
  try {
    const { orchestrator } = await troupe.reach(Deadline.after(5000));
    for await (const { event } of orchestrator.watchAgents({})) if (event?.agent?.id === 'writer') return;
  } finally {
    troupe.close();
  }
}
