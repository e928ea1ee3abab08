import { drainTimeOf } from '../rpc/drain-time.ts';
import { createLogger, logLevelOf } from '../rpc/log.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { untilTerminated } from '../rpc/termination.ts';
import { fromEnvironment } from './config.ts';
import { startOrchestrator } from './orchestrator.ts';

// The orchestrator as a process. Its environment: see `fromEnvironment`, TROUPE_LOG_LEVEL (default info), and
// TROUPE_DRAIN_MS (default 10,000).
const log = createLogger({ base: { service: 'orchestrator' } });
try {
  log.level = logLevelOf(process.env);
  const drainMs = drainTimeOf(process.env);
  const orchestrator = await startOrchestrator({ ...fromEnvironment(process.env), log });
  const { address, http } = orchestrator;
  process.stdout.write(`${JSON.stringify({ ready: true, address, ...(http && { http }) })}\n`);
  await untilTerminated(process, log, () => orchestrator.drain(drainMs));
} catch (error) {
  log.fatal({ error: RpcError.from(error).message }, 'the orchestrator cannot be served');
  process.exitCode = 1;
}
