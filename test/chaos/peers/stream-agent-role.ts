import { setTimeout as sleep } from 'node:timers/promises';
import { serveAgent, type TaskContext } from '../../../services/agent/index.ts';
import type { Role } from '../../processes/role.ts';

/** The capability whose tasks tell their progress until they are cancelled. */
export const STREAM = 'chaos.stream';

/** What a stream is asked for. */
export interface StreamInput {
  /** Who reads it. */
  reader: string;
  /** How often it tells something, in milliseconds, and how much, in bytes. */
  everyMs: number;
  bytes: number;
}

/** An agent whose tasks tell their progress until they are cancelled; `cancelled` tells whose were. */
export async function start({ orchestrator }: { orchestrator: string }): Promise<Role> {
  const cancelled: string[] = [];
  const handle = async (
    { reader, everyMs, bytes }: StreamInput & Record<string, never>,
    task: TaskContext,
  ) => {
    const text = 'x'.repeat(bytes);
    while (!task.signal.aborted) {
      task.progress({ text });
      await sleep(everyMs);
    }
    cancelled.push(reader);
    return {};
  };
  const agent = await serveAgent(
    { id: 'streamer', capabilities: { [STREAM]: { handle } } },
    { orchestrators: [orchestrator] },
  );
  return { ready: { address: agent.address, pid: process.pid }, commands: { cancelled: () => cancelled } };
}
