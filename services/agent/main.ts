import { commaList } from '../rpc/comma-list.ts';
import { drainTimeOf } from '../rpc/drain-time.ts';
import { createLogger, type Logger, logLevelOf } from '../rpc/log.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { untilTerminated } from '../rpc/termination.ts';
import { withConformanceProbe } from './conformance-probe.ts';
import type { AgentDefinition } from './definition.ts';
import { serveAgent } from './running-agent.ts';

/**
 * Runs an agent as a process: serves it, announces it, and drains it on SIGTERM or SIGINT. Settles when it
 * has left.
 *
 * Its environment: TROUPE_LISTEN (default `127.0.0.1:0`), TROUPE_ORCHESTRATORS (`host:port`, comma between),
 * TROUPE_ADVERTISE, TROUPE_INSTANCE_ID, TROUPE_LOG_LEVEL (default info), TROUPE_DRAIN_MS (default 10,000),
 * TROUPE_CONFORMANCE (with 1 it also offers `conformance.probe`, for `troupe verify`). Once it serves, it writes `{"ready":true,"address":…}` as a
 * line to standard output. An agent that cannot be served ends the process with code 1.
 */
export async function run(definition: AgentDefinition): Promise<void> {
  const { env } = process;
  const log = createLogger({ base: { agent: definition.id } });
  try {
    log.level = logLevelOf(env);
    const drainMs = drainTimeOf(env);
    const offered = env.TROUPE_CONFORMANCE === '1' ? withConformanceProbe(definition) : definition;
    const agent = await serveAgent(offered, {
      listen: env.TROUPE_LISTEN || undefined,
      orchestrators: commaList(env.TROUPE_ORCHESTRATORS),
      advertise: env.TROUPE_ADVERTISE || undefined,
      instanceId: env.TROUPE_INSTANCE_ID || undefined,
      log,
    });
    if (commaList(env.TROUPE_ORCHESTRATORS).length === 0) tellAlone(env, log);
    const { id, instanceId } = agent.card;
    process.stdout.write(
      `${JSON.stringify({ ready: true, address: agent.address, agent: id, instanceId })}\n`,
    );
    await untilTerminated(process, log, () => agent.drain(drainMs));
  } catch (error) {
    log.fatal({ error: RpcError.from(error).message }, 'the agent cannot be served');
    process.exitCode = 1;
  }
}

/** Says that the agent announces itself to nobody: whoever did not mean that looks for it on the roster in vain. */
function tellAlone(env: NodeJS.ProcessEnv, log: Logger): void {
  if (env.TROUPE_ORCHESTRATOR) {
    log.warn('announced to nobody: TROUPE_ORCHESTRATOR is for callers, an agent reads TROUPE_ORCHESTRATORS');
  } else {
    log.info(
      'announced to nobody, as TROUPE_ORCHESTRATORS is not set: it can be called, and found by its address',
    );
  }
}
