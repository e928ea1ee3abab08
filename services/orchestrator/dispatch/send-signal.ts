import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { admitMessage } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import { heartbeatOf } from '../../protocol/reply.ts';
import type { TaskScope } from '../../protocol/task-sink.ts';
import { messageDeadline, msToDuration, onwardMs } from '../../protocol/ttl.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Connection } from '../member/connection.ts';
import type { Roster } from '../roster/roster.ts';

/** What became of a message that is no task. */
export interface SignalReply {
  /** The reply; nothing where a BROADCAST was acknowledged. */
  message?: AgentMessage;
  /** The instance that answered. */
  instanceId: string;
  /** Always 1: what is no task is tried once. */
  attempt: number;
}

/** Sends a BROADCAST or HEARTBEAT to one instance of its receiver. Any other type is UNKNOWN_MESSAGE_TYPE. */
export async function sendSignal(
  message: AgentMessage,
  scope: TaskScope,
  { roster }: { roster: Roster<Connection> },
): Promise<SignalReply> {
  admitMessage(message);
  const { receiver: agent, type } = message;
  const known = roster.agent(agent);
  if (!known) throw troupeError('AGENT_NOT_FOUND', `No agent ${agent} is on the roster.`, { agent });
  const [instance] = known.instances.routable;
  if (!instance) throw troupeError('NO_LIVE_INSTANCE', `No instance of ${agent} can be reached.`, { agent });
  const onward = onwardMs(messageDeadline(message, { callDeadline: scope.deadline }).remainingMs);
  if (onward === 0)
    throw troupeError('MESSAGE_EXPIRED', 'The message had expired before it could be sent.', { agent });
  const sent = { ...message, ttl: msToDuration(onward) };
  const sendScope = { signal: scope.signal, deadline: Deadline.after(onward) };
  const { connection, instanceId } = instance;
  switch (type) {
    case MessageType.BROADCAST: {
      const reply = await connection.broadcast(sent, sendScope);
      return { ...(reply && { message: reply }), instanceId, attempt: 1 };
    }
    case MessageType.HEARTBEAT: {
      const heartbeat = await connection.heartbeat(sendScope);
      if (!heartbeat)
        throw troupeError('HANDLER_FAILED', `${agent} answered a HEARTBEAT without one.`, { agent });
      return { message: heartbeatOf(message, heartbeat, { sender: agent }), instanceId, attempt: 1 };
    }
    default:
      throw troupeError(
        'UNKNOWN_MESSAGE_TYPE',
        `Send takes TASK, BROADCAST and HEARTBEAT, not ${MessageType[type] ?? `type ${type}`}.`,
        { agent },
      );
  }
}
