import { setImmediate } from 'node:timers/promises';
import { serveAgent, type TaskContext } from '../../../../services/agent/index.ts';
import { createLogger } from '../../../../services/rpc/log.ts';
import { answerTo } from '../../load/payload.ts';
import type { Role } from '../../process/role.ts';
import { CAPABILITY } from '../direct/message.ts';

/** An agent as its author writes one: a capability with a schema, logs at info. */
export async function start({ orchestrator }: { orchestrator: string }): Promise<Role> {
  const agent = await serveAgent(
    {
      id: 'echo',
      capabilities: {
        [CAPABILITY]: {
          description: 'Answers what it was asked, with the next number.',
          input: {
            type: 'object',
            required: ['n', 'kind', 'text'],
            properties: { n: { type: 'integer' }, kind: { type: 'string' }, text: { type: 'string' } },
            additionalProperties: false,
          },
          handle: answerTo,
        },
        'bench.progress': {
          description: 'Tells of its progress as often as it is asked to.',
          input: {
            type: 'object',
            properties: { events: { type: 'integer', minimum: 1 } },
            required: ['events'],
          },
          handle: tellProgress,
        },
      },
    },
    { orchestrators: [orchestrator], log: createLogger() },
  );
  return { ready: { address: agent.address } };
}

/** One PROGRESS in a turn of the event loop, as an agent tells them that does something between. */
async function tellProgress({ events }: { events: number }, task: TaskContext): Promise<number> {
  for (let n = 1; n <= events && !task.signal.aborted; n++) {
    task.progress({ n, of: events });
    if (n < events) await setImmediate();
  }
  return events;
}
