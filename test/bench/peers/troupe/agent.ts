import { serveAgent } from '../../../../services/agent/index.ts';
import { createLogger } from '../../../../services/rpc/log.ts';
import type { Role } from '../../../processes/role.ts';
import { answerTo } from '../../load/payload.ts';
import { CAPABILITY } from '../direct/message.ts';
import { pacedProgress } from './paced-progress.ts';

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
        ...pacedProgress(),
      },
    },
    { orchestrators: [orchestrator], log: createLogger() },
  );
  return { ready: { address: agent.address } };
}
