import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { errorOf } from '../../protocol/reply.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { ORCHESTRATOR_ID } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';

/** Records that the orchestrator itself ended a task, and the task too where it was `neverSent` to an instance. */
export function recordRefusal(
  messages: MessageLog,
  task: AgentMessage,
  error: RpcError,
  neverSent: boolean,
): void {
  const { capability } = task;
  if (neverSent) messages.record({ message: task, instanceId: '' });
  const message = errorOf(task, error, { sender: ORCHESTRATOR_ID });
  messages.record({ message, instanceId: '', capability });
}
