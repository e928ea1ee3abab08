import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { admitMessage } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import { heartbeatOf } from '../../protocol/reply.ts';
import type { TaskScope } from '../../protocol/task-sink.ts';
import { messageDeadline, msToDuration, onwardMs } from '../../protocol/ttl.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import { admitTime } from './admit.ts';
import { deliver } from './deliver.ts';
import type { Lanes } from './lanes.ts';
import { noLiveInstance, type Router } from './route.ts';
import { wishOf } from './wish.ts';

/** What became of a message that is no task. */
export interface SignalReply {
  /** The reply; nothing where a BROADCAST was acknowledged. */
  message?: AgentMessage;
  /** The instance that answered. */
  instanceId: string;
  /** Always 1: what is no task is tried once. */
  attempt: number;
}

/** What a signal is sent with. */
export interface SignalParts {
  router: Router;
  lanes: Lanes;
  messages: MessageLog;
}

/** Sends a BROADCAST or HEARTBEAT to one instance of its receiver. Any other type is UNKNOWN_MESSAGE_TYPE. */
export async function sendSignal(
  message: AgentMessage,
  scope: TaskScope,
  { router, lanes, messages }: SignalParts,
): Promise<SignalReply> {
  const { receiver: agent, type } = message;
  if (type !== MessageType.BROADCAST && type !== MessageType.HEARTBEAT) {
    const text = `Send takes TASK, BROADCAST and HEARTBEAT, not ${MessageType[type] ?? `type ${type}`}.`;
    throw troupeError('UNKNOWN_MESSAGE_TYPE', text, { agent });
  }
  admitMessage(message);
  admitTime(message, scope);
  const deadline = messageDeadline(message, { callDeadline: scope.deadline });
  const lane = lanes.of(await router.find(message, { signal: scope.signal, deadline }), message);
  const wish = wishOf(message);
  const seat = lane.pick(wish, performance.now());
  const mayNot = lane.barOf(wish, ['LABELS']);
  // News and signs of life take no room.
  const instance = (seat === 'AT_CAPACITY' ? lane.seats.find((other) => !mayNot?.(other)) : seat)?.entry;
  if (!instance) throw noLiveInstance(message);
  const { connection, instanceId } = instance;
  const onward = onwardMs(deadline.remainingMs);
  const sent = { ...message, ttl: msToDuration(onward) };
  const sendScope = { signal: scope.signal, deadline: Deadline.after(onward) };
  if (type === MessageType.BROADCAST) {
    const reply = await deliver(sent, instance, sendScope, messages);
    return { ...(reply && { message: reply }), instanceId, attempt: 1 };
  }
  const heartbeat = await connection.heartbeat(sendScope);
  if (!heartbeat)
    throw troupeError('HANDLER_FAILED', `${agent} answered a HEARTBEAT without one.`, { agent });
  return { message: heartbeatOf(message, heartbeat, { sender: agent }), instanceId, attempt: 1 };
}
