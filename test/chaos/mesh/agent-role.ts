import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveAgent, type TaskContext } from '../../../services/agent/index.ts';
import type { JsonObject } from '../../../services/protocol/value.ts';
import { Code } from '../../../services/rpc/code.ts';
import { silent } from '../../../services/rpc/log.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { untilTerminated } from '../../../services/rpc/termination.ts';
import type { Role } from '../../processes/role.ts';
import { moment } from '../history/clock.ts';

/** The capability whose tasks may be done twice, and the one whose tasks may not. */
export const READ = 'chaos.read';
export const WRITE = 'chaos.write';
/** The capability of an agent that has each of its tasks done by another, as a READ. */
export const FRONT = 'chaos.front';

/** How an instance of the suite's agent is started. */
export interface AgentRoleOptions {
  instance: string;
  /** The orchestrators that it announces itself to. */
  orchestrators: readonly string[];
  /** The address that it announces. Default: its own. */
  advertise?: string;
  /** How long a task takes, in milliseconds. Default: 5. */
  handleMs?: number;
  /** Tasks that it works on at once. Default: no limit. */
  maxConcurrency?: number;
  /** Whether it is an instance of the agent `front`, which has one capability: FRONT. Default: false, of `chaos`. */
  isFront?: boolean;
  /** A file to which it writes a line for each task that it begins: `WRITE 17 a2`. Default: none. */
  journal?: string;
}

/** How an instance behaves from now on. */
export interface Behaviour {
  /** How much longer each task takes, in milliseconds. */
  delayMs?: number;
  /** The share of tasks, 0 to 1, that fail at once, and the name of the code that they fail with. */
  failShare?: number;
  code?: keyof typeof Code;
}

/**
 * An instance of the agent `chaos`: takes its time, then answers who it is. It can be told to behave badly, tells when
 * it was given tasks and at which attempt, and drains on SIGTERM as `run` does.
 */
export async function start(options: AgentRoleOptions): Promise<Role> {
  const { instance, handleMs = 5, journal } = options;
  let behaviour: Behaviour = {};
  const received: { at: number; attempt: number }[] = [];
  const handle =
    (capability: string) =>
    async ({ n }: { n: number }, task: TaskContext): Promise<JsonObject> => {
      received.push({ at: moment(), attempt: task.message.attempt });
      if (journal) appendFileSync(journal, `${capability} ${n} ${instance}\n`);
      const { delayMs = 0, failShare = 0, code = 'INTERNAL' } = behaviour;
      if (Math.random() < failShare) throw new RpcError(Code[code], 'This instance was told to fail.');
      if (handleMs + delayMs > 0) await sleep(handleMs + delayMs);
      return { n, instance };
    };
  const passOn = async ({ n }: { n: number }, task: TaskContext) => (await task.call(READ, { n })).payload;
  const agent = await serveAgent(
    {
      ...(options.isFront
        ? { id: 'front', capabilities: { [FRONT]: { idempotent: true, handle: passOn } } }
        : {
            id: 'chaos',
            capabilities: {
              [READ]: { idempotent: true, handle: handle(READ) },
              [WRITE]: { handle: handle(WRITE) },
            },
          }),
      ...(options.maxConcurrency !== undefined && { maxConcurrency: options.maxConcurrency }),
    },
    {
      instanceId: instance,
      orchestrators: options.orchestrators,
      ...(options.advertise !== undefined && { advertise: options.advertise }),
    },
  );
  void untilTerminated(process, silent, () => agent.drain());
  return {
    ready: { address: agent.address, pid: process.pid },
    commands: {
      behave(next: Behaviour) {
        behaviour = next;
      },
      received: () => received,
    },
  };
}
