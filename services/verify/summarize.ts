import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { reasonOf } from '../protocol/reason.ts';
import { codeName } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** How much of a text is shown, in characters. */
const SHOWN = 160;

/** A message in a few words: its type, what it is about, and for an ERROR why. */
export function summarize(message: AgentMessage): string {
  const { type, correlationId, error } = message;
  const about = correlationId ? ` about ${correlationId}` : ' without correlation_id';
  const why = error ? ` (${explain(RpcError.fromStatus(error))})` : '';
  return `${typeName(type)}${about}${why}`;
}

/** The name of a message's type; its number where it is not known. */
export function typeName(type: MessageType): string {
  return MessageType[type] ?? `type ${type}`;
}

/** An error in a few words: `NOT_FOUND / CAPABILITY_NOT_FOUND`, or `UNKNOWN without a reason`. */
export function explain(error: RpcError): string {
  const reason = reasonOf(error);
  return `${codeName(error.code)}${reason ? ` / ${reason}` : ' without a reason'}`;
}

/** A text as it is shown: on one line, cut where it is long. */
export function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN).toWellFormed()}…` : line;
}
