import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { Style } from './printer.ts';
import type { Cell } from './table.ts';

const STYLES: Readonly<Partial<Record<AgentStatus, Style>>> = {
  [AgentStatus.IDLE]: 'green',
  [AgentStatus.BUSY]: 'cyan',
  [AgentStatus.DRAINING]: 'yellow',
  [AgentStatus.ERROR]: 'red',
  [AgentStatus.OFFLINE]: ['red', 'bold'],
};

/** A status in its colour; one that this revision does not know as its number. */
export function statusCell(status: AgentStatus): Cell {
  const text = status === AgentStatus.UNSPECIFIED ? 'UNKNOWN' : (AgentStatus[status] ?? String(status));
  return { text, style: STYLES[status] ?? 'dim' };
}
