import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { type Reason, reasonOf } from '../../protocol/reason.ts';
import { errorOf } from '../../protocol/reply.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { msToDuration, onwardMs } from '../../protocol/ttl.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import type { Connection } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { RosterEntry } from '../roster/entry.ts';
import { isRoutable } from '../roster/status.ts';

/** One attempt at a task. */
export interface Attempt {
  task: AgentMessage;
  instance: RosterEntry<Connection>;
  /** Which attempt it is, from 1. */
  number: number;
  scope: TaskScope;
  messages: MessageLog;
}

/**
 * Sends a task to one instance, within a slice of its deadline. PROGRESS and RESULT go on to the sink as they
 * come, with the number of the attempt; an ERROR is answered instead, so that the dispatcher can decide whether
 * another instance is tried. Answers nothing after a RESULT.
 */
export function attempt(
  { task, instance, number, scope, messages }: Attempt,
  sink: TaskSink,
): Promise<AttemptFailure | undefined> {
  const { instanceId, agentId, connection } = instance;
  const remaining = scope.deadline.remainingMs;
  const onward = onwardMs(remaining);
  // The instance's own word that time is up is better than ours: it gets half of the margin to arrive.
  const deadline = Deadline.after((remaining + onward) / 2);
  const sent = { ...task, receiver: agentId, attempt: number, ttl: msToDuration(onward) };
  const startedAt = performance.now();
  let progressed = false;
  const ended = (message: AgentMessage, outcome?: RpcError) => {
    instance.inFlight--;
    const durationMs = performance.now() - startedAt;
    messages.record({ message, instanceId, capability: task.capability, outcome, durationMs });
  };
  messages.record({ message: sent, instanceId });
  sink.routed?.(instanceId, number);
  instance.inFlight++;
  return new Promise((resolve) => {
    const attemptSink: TaskSink = {
      progress(message) {
        progressed = true;
        message.attempt = number;
        sink.progress(message);
      },
      result(message) {
        message.attempt = number;
        ended(message);
        sink.result(message);
        resolve(undefined);
      },
      error(error) {
        ended(errorOf(sent, error, { sender: agentId }), error);
        resolve({ error, untouched: !progressed && isUntouched(error, instance) });
      },
    };
    connection.send(sent, attemptSink, { signal: scope.signal, deadline });
  });
}

/** How an attempt failed. */
export interface AttemptFailure {
  error: RpcError;
  /** Whether no work was done, so that another instance can be asked at once. */
  untouched: boolean;
}

/** The reasons that say so. */
const UNTOUCHED: ReadonlySet<string | undefined> = new Set<Reason>(['DRAINING', 'NO_LIVE_INSTANCE']);

/**
 * Whether the task did not reach the instance, or was refused since it is leaving. One that is not leaving
 * itself only passes on what another agent told it, after it had begun.
 */
function isUntouched(error: RpcError, instance: RosterEntry<Connection>): boolean {
  return UNTOUCHED.has(reasonOf(error)) && !isRoutable(instance.status);
}
