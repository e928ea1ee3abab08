import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { Refusal } from '../../policy/admission.ts';
import { troupeError } from '../../protocol/reason.ts';
import type { TaskScope } from '../../protocol/task-sink.ts';
import { durationToMs, MAX_TTL_MS, messageDeadline } from '../../protocol/ttl.ts';
import { fromValue } from '../../protocol/value.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import type { Connection } from '../member/connection.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Line } from './line.ts';
import { noLiveInstance } from './route.ts';

/** Refuses what is new, DRAINING, once the orchestrator is about to leave. */
export function refuseWhileDraining(draining: AbortSignal): void {
  if (!draining.aborted) return;
  throw troupeError('DRAINING', 'The orchestrator is stopping and takes nothing new. Try again in a moment.');
}

/**
 * When a task that arrives now expires, as far as that is known before it is routed: by its `ttl`, its
 * caller's deadline, and the bound that is put on it. One that has expired already is refused,
 * MESSAGE_EXPIRED.
 */
export function admitTime(
  task: AgentMessage,
  { deadline: callDeadline, within = Deadline.never }: Pick<TaskScope, 'deadline' | 'within'>,
): Deadline {
  const deadline = messageDeadline(task, { callDeadline, defaultTtlMs: MAX_TTL_MS }).earliest(within);
  if (deadline.expired) throw expired(task);
  return deadline;
}

/**
 * When a task that goes to this instance expires: where neither its `ttl` nor its caller says, its capability
 * does. `bound` is what was known before. One that expired on its way is refused, MESSAGE_EXPIRED.
 */
export function taskDeadline(
  task: AgentMessage,
  { connection }: RosterEntry<Connection>,
  callDeadline: Deadline,
  bound: Deadline,
): Deadline {
  const defaultTtl = connection.capability(task.capability)?.defaultTtl;
  const defaultTtlMs = defaultTtl && durationToMs(defaultTtl);
  const deadline = messageDeadline(task, { callDeadline, defaultTtlMs }).earliest(bound);
  if (deadline.expired) throw expired(task);
  return deadline;
}

/** The error of a task whose time ran out before it was sent to an agent: no work was done. */
export function expired({ receiver: agent, capability }: AgentMessage): RpcError {
  const text = 'The task had expired before it could be sent to an agent. Give it a longer ttl or deadline.';
  return troupeError('MESSAGE_EXPIRED', text, { agent, capability });
}

/**
 * Checks the payload for an instance that does not do so itself: INVALID_PAYLOAD with every violation, or
 * where it is no JSON.
 */
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

/**
 * The error of a task that there is no room for in its line: OVERLOADED, with the time in which there may be some;
 * NO_LIVE_INSTANCE where nobody is left to have any.
 */
export function overloaded(
  task: AgentMessage,
  refusal: Refusal,
  { admission, labels, seats }: Pick<Line, 'admission' | 'labels' | 'seats'>,
): RpcError {
  if (seats.length === 0) return noLiveInstance(task);
  const { receiver: agent, capability } = task;
  const who = `${agent || capability}${labels ? ' with these labels' : ''}`;
  const { waiting } = admission;
  const text =
    refusal === 'TOO_LATE'
      ? `Every instance of ${who} has as much as it takes, and the task would not end in time after the ${waiting} that wait.`
      : `Every instance of ${who} has as much as it takes, and ${waiting} tasks wait already. Try again later.`;
  const retryAfterMs = admission.retryAfterMs(Math.random);
  return troupeError('OVERLOADED', text, { agent, capability, retryAfterMs });
}
