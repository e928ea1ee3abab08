import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { fromValue, type JsonObject, type JsonValue, toValue } from '../../../services/protocol/value.ts';
import { Code } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import type { Fault } from '../faulty-agent.ts';

/** An agent whose echo is not what came. */
function echoing(spoil: (echo: JsonValue) => JsonValue): Fault {
  return {
    seen: /came$|echoed/,
    reply(reply) {
      const payload = fromValue(reply.payload) as JsonObject | null;
      return payload
        ? { ...reply, payload: toValue({ ...payload, echo: spoil(payload.echo ?? null) }) }
        : reply;
    },
  };
}

/** The same JSON, with its texts changed. */
function withTexts(change: (text: string) => string): (json: JsonValue) => JsonValue {
  return (json) =>
    JSON.parse(JSON.stringify(json), (_, value) => (typeof value === 'string' ? change(value) : value));
}

const withoutPayload = (message: AgentMessage): AgentMessage => ({ ...message, payload: toValue({}) });

/** Agents that spoil what a message carries. */
export const payloadFaults: Record<string, () => Fault> = {
  'payloads.kinds': () =>
    echoing((echo) => JSON.parse(JSON.stringify(echo), (_, value) => (value === 5e-324 ? 0 : value))),
  'payloads.empty': () => echoing(withTexts((text) => text || ' ')),
  'payloads.unicode': () => echoing(withTexts((text) => text.normalize())),
  'payloads.keys': () => echoing((echo) => Object.assign({}, echo)),
  'payloads.deep': () => echoing((echo) => JSON.stringify(echo)),
  'payloads.null': () => echoing((echo) => echo ?? {}),
  'payloads.too-deep': () => ({ seen: /answered RESULT/, asked: withoutPayload }),
  'payloads.not-a-number': () => ({ seen: /answered RESULT/, asked: withoutPayload }),
  'payloads.large': () => ({
    seen: /RESOURCE_EXHAUSTED/,
    asked(message) {
      if (message.payload && JSON.stringify(message.payload).length > 1_000_000) {
        throw new RpcError(Code.RESOURCE_EXHAUSTED, 'That is more than 1 MB.');
      }
      return message;
    },
  }),
  'payloads.too-large-result': () => ({ seen: /answered RESULT/, asked: withoutPayload }),
  'payloads.schema': () => ({
    seen: /names no field/,
    reply: (reply) =>
      reply.error ? { ...reply, error: { ...reply.error, details: reply.error.details.slice(0, 1) } } : reply,
  }),
  'payloads.attachments': () => ({
    seen: /^on Handle: \[\] came/,
    asked: (message) => ({ ...message, attachments: [] }),
  }),
};
