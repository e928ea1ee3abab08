import type { AgentCard } from '../../../gen/troupe/v1/agent_card_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { RosterAgent } from './roster-agent.ts';

/** Which agents are asked for: those that meet every field set. Empty, as in a request, is not set. */
export interface AgentFilter {
  /** Agents that have this capability. */
  capability?: string;
  /** Agents of this status. UNSPECIFIED: of any. */
  status?: AgentStatus;
  /** Agents with an instance that has all of these labels. */
  labels?: Readonly<Record<string, string>>;
}

/** Whether an agent meets every field set. */
export function matchesFilter(agent: RosterAgent<unknown>, filter: AgentFilter): boolean {
  const { capability, status = AgentStatus.UNSPECIFIED, labels = {} } = filter;
  if (capability && !agent.capabilities.get(capability)) return false;
  if (status !== AgentStatus.UNSPECIFIED && agent.status !== status) return false;
  return [...agent.instances.all].some(({ card }) => hasLabels(card, labels));
}

/** Whether an instance has all of these labels. */
export function hasLabels(card: AgentCard, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => card.labels[key] === value);
}
