import type { Terminal } from '../terminal.ts';
import { mainOf } from './crew-mesh.ts';
import type { MeshAgent, MeshFile } from './mesh-file.ts';
import { ORCHESTRATOR_FLAGS } from './orchestrator-flags.ts';
import type { SupervisedProcess } from './supervisor.ts';

/** What says of one process where and as whom it serves: that of `up` itself is none of its children's. */
const OF_ONE_PROCESS = ['TROUPE_LISTEN', 'TROUPE_ADVERTISE', 'TROUPE_INSTANCE_ID', 'TROUPE_ORCHESTRATORS'];

/** What the lines of the orchestrator are labelled with. */
export const ORCHESTRATOR_NAME = 'orchestrator';

/**
 * The orchestrator of a mesh as a process that listens at `listen`, and for HTTP at `http`, which may be
 * `off`.
 */
export function orchestratorProcess(
  { orchestrator }: MeshFile,
  { listen, http }: { listen: string; http: string },
  { node, env, cwd }: Terminal,
): SupervisedProcess {
  return {
    name: ORCHESTRATOR_NAME,
    role: 'orchestrator',
    command: [node, ...ORCHESTRATOR_FLAGS, mainOf('orchestrator')],
    cwd,
    env: {
      ...inherited(env),
      TROUPE_STATIC: orchestrator.static.join(','),
      TROUPE_DNS: orchestrator.dns.join(','),
      TROUPE_LOG_PAYLOADS: orchestrator.logPayloads ? '1' : '0',
      ...orchestrator.env,
      TROUPE_LISTEN: listen,
      TROUPE_HTTP: http,
    },
  };
}

/**
 * The agents of a mesh as processes, one for each instance, which announce themselves to the orchestrator
 * at `address`.
 */
export function agentProcesses(mesh: MeshFile, address: string, { env }: Terminal): SupervisedProcess[] {
  return mesh.agents.flatMap((agent) =>
    namesOf(agent).map((name) => ({
      name,
      role: 'agent' as const,
      command: agent.command,
      cwd: agent.cwd,
      env: { ...inherited(env), TROUPE_ORCHESTRATORS: address, ...agent.env },
    })),
  );
}

/**
 * What the lines of an agent's instances are labelled with: its name, and a number where there are several.
 */
function namesOf({ name, instances }: MeshAgent): string[] {
  if (instances === 1) return [name];
  return Array.from({ length: instances }, (_, index) => `${name}-${index + 1}`);
}

/** The environment of `up`, by which processes log warnings only, unless it says otherwise. */
function inherited(env: Terminal['env']): Record<string, string | undefined> {
  const inherited = Object.entries(env).filter(([name]) => !OF_ONE_PROCESS.includes(name));
  return { TROUPE_LOG_LEVEL: 'warn', ...Object.fromEntries(inherited) };
}
