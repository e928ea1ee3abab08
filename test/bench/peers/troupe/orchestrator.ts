import { startOrchestrator } from '../../../../services/orchestrator/orchestrator.ts';
import { createLogger } from '../../../../services/rpc/log.ts';
import type { Role } from '../../../processes/role.ts';

/** An orchestrator with all that it has by default, and logs at info. */
export async function start(): Promise<Role> {
  const { address } = await startOrchestrator({ listen: '127.0.0.1:0', log: createLogger() });
  return { ready: { address } };
}
