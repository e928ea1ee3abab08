import { serveAgent } from '../../../../services/agent/index.ts';
import { createLogger } from '../../../../services/rpc/log.ts';
import type { Role } from '../../../processes/role.ts';

/** `count` instances of one agent in one process, each a server on a port of its own, that hear broadcasts. */
export async function start({ orchestrator, count }: { orchestrator: string; count: number }): Promise<Role> {
  const log = createLogger();
  for (let n = 0; n < count; n++) {
    await serveAgent(
      {
        id: 'listener',
        capabilities: { 'bench.listen': { description: 'Hears broadcasts.', handle: () => null } },
        onBroadcast: () => undefined,
      },
      { orchestrators: [orchestrator], log },
    );
  }
  return {};
}
