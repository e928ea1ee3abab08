import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { BroadcastScope } from '../protocol/link/serve-link.ts';
import { admitMessage } from '../protocol/message.ts';
import { troupeError } from '../protocol/reason.ts';
import { resultOf } from '../protocol/reply.ts';
import { stoppedBy, timedOut } from '../protocol/stopped.ts';
import { messageDeadline } from '../protocol/ttl.ts';
import { fromValue } from '../protocol/value.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { AgentDefinition } from './definition.ts';
import { handlerFailure, saidBy } from './handler-failure.ts';
import type { History } from './history.ts';

/**
 * Takes a BROADCAST: answers what the agent's `onBroadcast` replies, or nothing where it only acknowledges.
 * Fails as a task does: MESSAGE_EXPIRED before any work, HANDLER_FAILED, TASK_TIMED_OUT, TASK_CANCELLED.
 */
export async function takeBroadcast(
  message: AgentMessage,
  scope: BroadcastScope,
  { definition, history }: { definition: AgentDefinition; history: History },
): Promise<AgentMessage | undefined> {
  const noteEnd = history.note(message);
  try {
    admitMessage(message);
    if (scope.signal.aborted) throw stoppedBy(scope.signal);
    const deadline = messageDeadline(message, { callDeadline: scope.deadline });
    if (deadline.expired) {
      throw troupeError('MESSAGE_EXPIRED', 'The broadcast had expired before it was looked at.', {
        agent: definition.id,
      });
    }
    const reply = await inTime(heard(message, definition), { signal: scope.signal, deadline });
    noteEnd();
    return reply;
  } catch (thrown) {
    const error = RpcError.from(thrown);
    noteEnd(error);
    throw error;
  }
}

async function heard(message: AgentMessage, definition: AgentDefinition): Promise<AgentMessage | undefined> {
  const payload = fromValue(message.payload);
  try {
    const reply = await definition.onBroadcast?.(payload, message);
    return reply === undefined
      ? undefined
      : saidBy(() => resultOf(message, reply, { sender: definition.id }));
  } catch (thrown) {
    throw handlerFailure(thrown, { agent: definition.id });
  }
}

/** Waits for `work`, but no longer than to its deadline, or until whoever sent it waits no more. */
function inTime<T>(work: Promise<T>, { signal, deadline }: BroadcastScope): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(stoppedBy(signal));
    const alarm = deadline.onExpired(() => reject(timedOut()));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      alarm.cancel();
      signal.removeEventListener('abort', onAbort);
    });
  });
}
