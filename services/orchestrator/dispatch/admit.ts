import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import type { TaskScope } from '../../protocol/task-sink.ts';
import { durationToMs, messageDeadline } from '../../protocol/ttl.ts';
import { fromValue } from '../../protocol/value.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Connection } from '../member/connection.ts';
import type { RosterEntry } from '../roster/entry.ts';

/**
 * When the task expires: by its caller's deadline and its `ttl`, or else by what its capability says. One that has expired already
 * is refused, MESSAGE_EXPIRED.
 */
export function admitTime(
  task: AgentMessage,
  { connection, agentId }: RosterEntry<Connection>,
  { deadline: callDeadline, within = Deadline.never }: Pick<TaskScope, 'deadline' | 'within'>,
): Deadline {
  const defaultTtl = connection.capability(task.capability)?.defaultTtl;
  const deadline = messageDeadline(task, {
    callDeadline,
    defaultTtlMs: defaultTtl && durationToMs(defaultTtl),
  }).earliest(within);
  if (!deadline.expired) return deadline;
  throw troupeError('MESSAGE_EXPIRED', 'The task had expired before it could be sent to an agent.', {
    agent: agentId,
    capability: task.capability,
  });
}

/** Checks the payload for an instance that does not do so itself: INVALID_PAYLOAD with every violation, or where it is no JSON. */
export function admitInput(task: AgentMessage, { connection, agentId }: RosterEntry<Connection>): void {
  if (connection.card.checksInput) return;
  const payload = fromValue(task.payload);
  const capability = connection.capability(task.capability)?.name ?? task.capability;
  const violations = connection.checks.get(capability)?.(payload) ?? [];
  if (violations.length === 0) return;
  const [first] = violations;
  throw troupeError(
    'INVALID_PAYLOAD',
    `The payload does not meet the input schema of ${capability}: ${first!.field} ${first!.description}.`,
    { agent: agentId, capability, violations },
  );
}
