import type { AgentCard } from '../../../gen/troupe/v1/agent_card_pb.js';
import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { completeMessage } from '../../protocol/message.ts';
import { errorInfoOf, troupeError } from '../../protocol/reason.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/**
 * The RESULT with which an instance answers a task or broadcast: what it left empty is filled in, in the
 * message itself, and its `correlation_id` is the question's, whatever it said. An ERROR is thrown as what it says, and a message of any other type as HANDLER_FAILED.
 */
export function completeAnswer(question: AgentMessage, answer: AgentMessage, from: AgentCard): AgentMessage {
  answer.type ||= MessageType.RESULT;
  // By Handle, an answer belongs to its call. A caller's link goes by this id, and may have another task of that one.
  answer.correlationId = question.id;
  answer.receiver ||= question.sender;
  completeMessage(answer, { sender: from.id });
  if (answer.type === MessageType.RESULT) return answer;
  if (answer.type === MessageType.ERROR) {
    throw answer.error
      ? RpcError.fromStatus(answer.error)
      : new RpcError(Code.UNKNOWN, 'it answered an ERROR that does not say what went wrong');
  }
  const type = MessageType[answer.type] ?? `type ${answer.type}`;
  throw handlerFailed(`it answered with ${type} where a RESULT or ERROR belongs`, from);
}

/** A PROGRESS of an instance: what it left empty is filled in, in the message itself. */
export function completeProgress(message: AgentMessage, from: AgentCard): AgentMessage {
  return completeMessage(message, { sender: from.id });
}

/**
 * The failure of an instance with a reason: one whose code is OK is UNKNOWN, one that says nothing but UNKNOWN is
 * HANDLER_FAILED, any other stays itself.
 */
export function explainFailure(thrown: unknown, from: AgentCard): RpcError {
  const error = notOk(RpcError.from(thrown));
  if (error.details.length > 0) return ofAgent(error, from);
  return error.code === Code.UNKNOWN ? handlerFailed(error.message, from, error) : error;
}

/** A call that ends OK without its answer would be a success that nobody made. */
function notOk(error: RpcError): RpcError {
  if (error.code !== Code.OK) return error;
  return new RpcError(Code.UNKNOWN, error.message, error.details, { cause: error });
}

/**
 * A refusal by an instance that says not whose it is: to the caller it would be the orchestrator's own, who sends a
 * task again that the orchestrator itself has refused. An instance may have worked on the task before it passed on
 * what it was told itself.
 */
function ofAgent(error: RpcError, { id: agent, instanceId: instance }: AgentCard): RpcError {
  const info = errorInfoOf(error);
  if ((info?.reason !== 'DRAINING' && info?.reason !== 'NO_LIVE_INSTANCE') || info.metadata.agent)
    return error;
  const { capability, step } = info.metadata;
  const said = troupeError(info.reason, error.message, { agent, instance, capability, step });
  const others = error.details.filter(({ typeUrl }) => typeUrl !== said.details[0]!.typeUrl);
  return new RpcError(error.code, error.message, [...said.details, ...others], { cause: error });
}

function handlerFailed(
  text: string,
  { id: agent, instanceId: instance }: AgentCard,
  cause?: RpcError,
): RpcError {
  return troupeError('HANDLER_FAILED', `${agent} failed: ${text}`, { agent, instance, cause });
}
