import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { RosterEntry } from './entry.ts';

/**
 * The status of an agent is the first of these that one of its instances has. Source: the proto's
 * AgentStatus.
 */
const PRECEDENCE: readonly AgentStatus[] = [
  AgentStatus.IDLE,
  AgentStatus.BUSY,
  AgentStatus.DRAINING,
  AgentStatus.ERROR,
  AgentStatus.OFFLINE,
];

/** The status of an agent, from those of its instances; UNSPECIFIED where there are none. */
export function sumStatus(statuses: readonly AgentStatus[]): AgentStatus {
  return PRECEDENCE.find((status) => statuses.includes(status)) ?? AgentStatus.UNSPECIFIED;
}

/** Whether tasks may be routed to an instance of that status: only DRAINING and OFFLINE keep one out. */
export function isRoutable(status: AgentStatus): boolean {
  return status !== AgentStatus.DRAINING && status !== AgentStatus.OFFLINE;
}

/**
 * The status of an instance as it is told: as last heard, but BUSY while this orchestrator has tasks in
 * flight on it, of which it knows sooner than any heartbeat tells.
 */
export function statusNow({ status, inFlight }: RosterEntry<unknown>): AgentStatus {
  return inFlight > 0 && isRoutable(status) ? AgentStatus.BUSY : status;
}
