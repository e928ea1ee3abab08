import type { LogRecord } from './message-log.ts';

/** Which records are asked for: those that meet every field set. Empty, as in a MessageFilter, is not set. */
export interface RecordFilter {
  /** Messages from or to this agent. */
  agentId?: string;
  /** Messages about this capability. */
  capability?: string;
  /** Messages whose `id` or `correlationId` this is: a task with all that belongs to it. */
  correlationId?: string;
}

/** Whether a record meets every field set. */
export function matchesRecord({ message, capability }: LogRecord, filter: RecordFilter): boolean {
  const { agentId, correlationId } = filter;
  if (agentId && message.sender !== agentId && message.receiver !== agentId) return false;
  if (filter.capability && capability !== filter.capability) return false;
  return !correlationId || message.id === correlationId || message.correlationId === correlationId;
}

/** Those of the records that meet every field set, looked for one by one as they are asked for. */
export function* recordsThatMeet(
  records: Iterable<LogRecord>,
  filter: RecordFilter,
): Generator<LogRecord, void> {
  for (const record of records) if (matchesRecord(record, filter)) yield record;
}
