import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { BroadcastResponseSchema } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { encodedSize } from '../protocol/encoded.ts';
import { admitMessage } from '../protocol/message.ts';
import { troupeError } from '../protocol/reason.ts';
import type { TaskScope } from '../protocol/task-sink.ts';
import { messageDeadline, msToDuration, onwardMs } from '../protocol/ttl.ts';
import { fromValue } from '../protocol/value.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { Deadline } from '../rpc/deadline.ts';
import { Feed } from '../rpc/feed.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { deliver } from './dispatch/deliver.ts';
import type { Connection } from './member/connection.ts';
import type { MessageLog } from './message-log/message-log.ts';
import type { RosterEntry } from './roster/entry.ts';
import { hasLabels } from './roster/filter.ts';
import type { Roster } from './roster/roster.ts';
import { isRoutable } from './roster/status.ts';

/** Which instances a broadcast goes to: those that meet every field set. */
export interface Recipients {
  capability: string;
  labels: Readonly<Record<string, string>>;
}

/** What became of a broadcast at one recipient. */
export type BroadcastOutcome = MessageInitShape<typeof BroadcastResponseSchema>;

/** What a broadcast works with. */
export interface BroadcastParts {
  roster: Roster<Connection>;
  messages: MessageLog;
}

/**
 * Sends a message to every live instance that the filter leaves, all at once, and yields what became of each
 * as it is known. None of them holds up another, and a reader that leaves cancels what is still waited for.
 */
export async function* broadcast(
  message: AgentMessage,
  recipients: Recipients,
  scope: Pick<CallContext, 'signal' | 'deadline'>,
  { roster, messages }: BroadcastParts,
): AsyncGenerator<BroadcastOutcome, void> {
  message.type = MessageType.BROADCAST;
  admitMessage(message, encodedSize(message));
  const deadline = messageDeadline(message, { callDeadline: scope.deadline });
  if (deadline.expired)
    throw troupeError('MESSAGE_EXPIRED', 'The broadcast had expired before it could be sent.');
  const instances = select(roster, recipients);
  const left = new AbortController();
  const onward = onwardMs(deadline.remainingMs);
  const send = {
    signal: AbortSignal.any([scope.signal, left.signal]),
    deadline: Deadline.after(onward),
  };
  // As many outcomes as recipients, and never more: the feed cannot overflow.
  const outcomes = new Feed<BroadcastOutcome>({
    limit: Math.max(1, instances.length),
    overflow: () => undefined,
  });
  let waiting = instances.length;
  if (waiting === 0) outcomes.end();
  for (const instance of instances) {
    const sent = { ...message, receiver: instance.agentId, ttl: msToDuration(onward) };
    void outcomeAt(sent, instance, send, messages).then((outcome) => {
      outcomes.push(outcome);
      if (--waiting === 0) outcomes.end();
    });
  }
  try {
    yield* outcomes;
  } finally {
    left.abort(troupeError('TASK_CANCELLED', 'The caller of the broadcast left.'));
  }
}

function select(roster: Roster<Connection>, { capability, labels }: Recipients): RosterEntry<Connection>[] {
  const all = [...roster.agents.values()].flatMap((agent) => [...agent.instances.all]);
  return all.filter(
    (instance) =>
      isRoutable(instance.status) &&
      (capability === '' || instance.capabilities.has(capability)) &&
      hasLabels(instance.card, labels),
  );
}

async function outcomeAt(
  message: AgentMessage,
  instance: RosterEntry<Connection>,
  scope: Pick<TaskScope, 'signal' | 'deadline'>,
  messages: MessageLog,
): Promise<BroadcastOutcome> {
  const { agentId, instanceId } = instance;
  const from = { agentId, instanceId };
  try {
    const reply = await deliver(message, instance, scope, messages);
    if (!reply) return { ...from, outcome: { case: 'acknowledgement', value: {} } };
    admitReply(reply);
    return { ...from, outcome: { case: 'reply', value: reply } };
  } catch (thrown) {
    return { ...from, outcome: { case: 'error', value: RpcError.from(thrown).toStatus() } };
  }
}

/** Refuses, INVALID_PAYLOAD, a reply that could not be written among the others: that would end the whole. */
function admitReply({ payload }: AgentMessage): void {
  if (payload?.kind) fromValue(payload);
}
