import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { PROBE_CAPABILITY } from '../../../services/agent/conformance-probe.ts';
import { troupeError } from '../../../services/protocol/reason.ts';
import { toValue } from '../../../services/protocol/value.ts';
import type { Fault } from '../faulty-agent.ts';

/** Agents that read or write the envelope wrongly. */
export const messageFaults: Record<string, () => Fault> = {
  'messages.result': () => ({
    seen: /was to echo "hello"/,
    reply: (reply) => ({ ...reply, payload: toValue({ echo: 'bye' }) }),
  }),
  'messages.correlation': () => ({
    seen: /correlation_id ""/,
    reply: (reply) => ({ ...reply, correlationId: '' }),
  }),
  'messages.reply-id': () => ({
    seen: /the task's id/,
    reply: (reply) => ({ ...reply, id: reply.correlationId }),
  }),
  'messages.addresses': () => ({
    seen: /from "mallory"/,
    reply: (reply) => ({ ...reply, sender: 'mallory' }),
  }),
  'messages.bare': () => ({
    seen: /INVALID_MESSAGE/,
    asked(message) {
      if (message.id === '') throw troupeError('INVALID_MESSAGE', 'A message needs an id.');
      return message;
    },
  }),
  'messages.unknown-type': () => ({
    seen: /CAPABILITY_NOT_FOUND .* instead of/,
    asked: (message) =>
      message.type > MessageType.CANCEL ? { ...message, type: MessageType.TASK } : message,
  }),
  'messages.replies-on-handle': () => ({
    seen: /answered HEARTBEAT/,
    asked: (message) => ({ ...message, type: MessageType.HEARTBEAT }),
  }),
  'messages.missing': () => ({ seen: /no message/, handle: async () => undefined }),
  'messages.unknown-field': () => ({
    seen: /INVALID_MESSAGE/,
    asked(message) {
      if (message.$unknown?.length) throw troupeError('INVALID_MESSAGE', 'There is no such field.');
      return message;
    },
  }),
  'messages.unknown-capability': () => ({
    seen: /answered RESULT/,
    asked: (message) => ({ ...message, capability: PROBE_CAPABILITY }),
  }),
  'messages.no-capability': () => ({
    seen: /answered RESULT/,
    asked: (message) => ({ ...message, capability: message.capability || PROBE_CAPABILITY }),
  }),
  'messages.fields': () => ({
    seen: /idempotency_key came as ""/,
    asked: (message) => ({ ...message, idempotencyKey: '' }),
  }),
  'messages.routing': () => ({
    seen: /NO_LIVE_INSTANCE/,
    asked(message) {
      if (message.routing) throw troupeError('NO_LIVE_INSTANCE', 'I have not these labels.');
      return message;
    },
  }),
  'messages.trace-metadata': () => ({
    seen: /the headers are \{\}/,
    handle: async (message, sound) => (await sound.handle({ message: message! })).message,
  }),
  'messages.hop-limit': () => ({ seen: /RESULT instead of/, asked: (message) => ({ ...message, hops: 0 }) }),
};
