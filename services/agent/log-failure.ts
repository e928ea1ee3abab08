import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { reasonOf } from '../protocol/reason.ts';
import type { Logger } from '../rpc/log.ts';
import type { RpcError } from '../rpc/rpc-error.ts';

/**
 * Logs that a handler failed at a task, with what it threw: its stack and causes go no further than this process. What a
 * handler says by an RpcError is an answer, and not logged. It never throws, whatever was thrown.
 */
export function logFailure(log: Logger, { id: task, capability }: AgentMessage, error: RpcError): void {
  if (reasonOf(error) !== 'HANDLER_FAILED') return;
  const text = 'the handler failed';
  try {
    log.error({ task, capability, err: error.cause ?? error }, text);
  } catch {
    log.error({ task, capability, error: error.message }, text);
  }
}
