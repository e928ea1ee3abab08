import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { SendScope } from '../../protocol/link/in-flight.ts';
import { errorOf, replyTo } from '../../protocol/reply.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Connection } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { RosterEntry } from '../roster/entry.ts';

/**
 * Sends a BROADCAST to one instance, and answers its reply, or nothing where it was only acknowledged. The
 * broadcast and what became of it are recorded.
 */
export async function deliver(
  message: AgentMessage,
  { agentId, instanceId, connection }: RosterEntry<Connection>,
  scope: SendScope,
  messages: MessageLog,
): Promise<AgentMessage | undefined> {
  const startedAt = performance.now();
  const from = { sender: agentId };
  const ended = (reply: AgentMessage) => {
    const durationMs = performance.now() - startedAt;
    messages.record({ message: reply, instanceId, capability: message.capability, durationMs });
  };
  messages.record({ message, instanceId });
  try {
    const reply = await connection.broadcast(message, scope);
    ended(reply ?? replyTo(message, MessageType.RESULT, from));
    return reply;
  } catch (thrown) {
    const error = RpcError.from(thrown);
    ended(errorOf(message, error, from));
    throw error;
  }
}
