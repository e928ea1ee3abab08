import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { type Reason, reasonOf, troupeError } from '../protocol/reason.ts';
import { fromValue, type JsonObject, type JsonValue } from '../protocol/value.ts';
import { Code, codeName } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { breach } from './breach.ts';
import { explain, shown, summarize, typeName } from './summarize.ts';

/** What an agent answers to a message: a reply, an error, or neither, which acknowledges a broadcast. */
export interface Answer {
  readonly reply?: AgentMessage;
  /** What an ERROR message or a gRPC status said: both mean the same. */
  readonly error?: RpcError;
}

/** The answer that a reply is. */
export function toAnswer(reply: AgentMessage | undefined): Answer {
  if (reply?.type !== MessageType.ERROR) return reply ? { reply } : {};
  const error = reply.error
    ? RpcError.fromStatus(reply.error)
    : new RpcError(Code.UNKNOWN, 'an ERROR without `error`');
  return { reply, error };
}

/** The RESULT that has to be there. */
export function resultIn({ reply, error }: Answer): AgentMessage {
  if (error) throw breach(`it failed ${explain(error)}: ${shown(error.message)}`);
  if (!reply) throw breach('it answered without a message');
  if (reply.type !== MessageType.RESULT) throw breach(`it answered ${summarize(reply)}`);
  return reply;
}

/** What the probe answers: the payload of its RESULT. */
export function probed(answer: Answer): JsonObject {
  const payload = fromValue(resultIn(answer).payload);
  if (payload === null || typeof payload !== 'object' || Array.isArray(payload)) {
    throw breach(`the probe answered ${shown(JSON.stringify(payload))}, which is no object`);
  }
  return payload;
}

/** The fields of the task as the probe says that they came. */
export function receivedIn(answer: Answer): Record<string, JsonValue> {
  const { received } = probed(answer);
  if (received === null || typeof received !== 'object' || Array.isArray(received)) {
    throw breach(`the probe answered no \`received\`, but ${shown(JSON.stringify(received ?? null))}`);
  }
  return received;
}

/** The error that has to be there: for one of `reasons`, with the code that the contract gives it. */
export function refusalIn({ reply, error }: Answer, ...reasons: [Reason, ...Reason[]]): RpcError {
  const wanted = reasons.map((reason) => `${codeName(codeOf(reason))} / ${reason}`).join(' or ');
  if (!error) throw breach(`it answered ${reply ? typeName(reply.type) : 'no message'} instead of ${wanted}`);
  const reason = reasons.find((name) => name === reasonOf(error));
  if (reason === undefined || error.code !== codeOf(reason)) {
    throw breach(`it failed ${explain(error)} (${shown(error.message)}) instead of ${wanted}`);
  }
  return error;
}

/** The same, as it is shown. */
export function seenRefusal(answer: Answer, ...reasons: [Reason, ...Reason[]]): string {
  return explain(refusalIn(answer, ...reasons));
}

/** The code that the contract gives a reason. */
export function codeOf(reason: Reason): Code {
  return troupeError(reason, '').code;
}
