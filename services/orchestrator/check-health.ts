import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { troupeError } from '../protocol/reason.ts';
import type { TaskScope } from '../protocol/task-sink.ts';
import { onwardMs } from '../protocol/ttl.ts';
import { Code } from '../rpc/code.ts';
import { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { Connection } from './member/connection.ts';
import type { RosterEntry } from './roster/entry.ts';
import type { Roster } from './roster/roster.ts';
import { statusNow, sumStatus } from './roster/status.ts';

/** How long an instance may take to answer a heartbeat, in milliseconds. */
const HEARTBEAT_TIMEOUT_MS = 2000;

/** How a heartbeat fails that nobody answered. */
const SILENT: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.CANCELLED]);

/**
 * Sends a heartbeat to every instance of `agentId`, or of all agents where it is empty, and answers each
 * agent's status. An agent of which no instance answers within 2 s is OFFLINE. One that is not known is
 * AGENT_NOT_FOUND.
 */
export async function checkHealth(
  roster: Roster<Connection>,
  agentId: string,
  scope: Pick<TaskScope, 'signal' | 'deadline'>,
): Promise<Record<string, AgentStatus>> {
  if (agentId !== '' && !roster.agent(agentId)) {
    throw troupeError(
      'AGENT_NOT_FOUND',
      `No agent ${agentId} is on the roster. ListAgents tells who is there.`,
      {
        agent: agentId,
      },
    );
  }
  const { signal } = scope;
  const deadline = Deadline.after(Math.min(HEARTBEAT_TIMEOUT_MS, onwardMs(scope.deadline.remainingMs)));
  const agents = [...roster.agents.values()].filter(({ id }) => agentId === '' || id === agentId);
  const checked = agents.map(async (agent) => {
    const statuses = await Promise.all(
      Array.from(agent.instances.all, (instance) => askStatus(instance, { signal, deadline })),
    );
    return [agent.id, sumStatus(statuses)] as const;
  });
  return Object.fromEntries(await Promise.all(checked));
}

async function askStatus(
  instance: RosterEntry<Connection>,
  scope: Pick<TaskScope, 'signal' | 'deadline'>,
): Promise<AgentStatus> {
  try {
    await instance.connection.heartbeat(scope);
    return statusNow(instance);
  } catch (error) {
    // Whoever refuses a heartbeat has answered it.
    return SILENT.has(RpcError.from(error).code) ? AgentStatus.OFFLINE : statusNow(instance);
  }
}
