import type { OrchestratorOptions } from '../../../services/orchestrator/config.ts';
import { startOrchestrator } from '../../../services/orchestrator/orchestrator.ts';
import { silent } from '../../../services/rpc/log.ts';
import { untilTerminated } from '../../../services/rpc/termination.ts';
import type { Role } from '../../processes/role.ts';

/** An orchestrator as it comes, that drains on SIGTERM as its `main` does. */
export async function start(options: OrchestratorOptions): Promise<Role> {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0', ...options });
  void untilTerminated(process, silent, () => orchestrator.drain());
  return {
    ready: { address: orchestrator.address, http: orchestrator.http, pid: process.pid },
    commands: {
      /** What its wall clock says. */
      now: () => Date.now(),
      /** The heap after a forced collection, in bytes; only where Node runs with --expose-gc. */
      heap() {
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
      },
      /**
       * What the process holds: the heap after a forced collection, in bytes (only where Node runs with --expose-gc),
       * what keeps its event loop alive, by kind, and who listens to the process.
       */
      holdings() {
        globalThis.gc?.();
        const resources: Record<string, number> = {};
        for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
        const listeners = process.eventNames().reduce((sum, event) => sum + process.listenerCount(event), 0);
        return { heapBytes: process.memoryUsage().heapUsed, resources, listeners };
      },
    },
  };
}
