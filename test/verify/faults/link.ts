import { create } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  AgentMessageSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../../services/protocol/reason.ts';
import { Code } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { type Fault, mapBatches } from '../faulty-agent.ts';
import { deaf } from './work.ts';

/** A link that takes one message at a time, and answers it before it reads the next. */
const oneByOne: Fault['link'] = async function* (requests, sound) {
  for await (const { messages } of requests) {
    for (const message of messages) {
      const reply = await sound.handle({ message });
      if (reply.message) yield { messages: [reply.message] };
    }
  }
};

/** A link that ends with an error at a message that it does not like. */
function touchy(dislikes: (message: AgentMessage) => boolean): Fault {
  return {
    seen: /the link ended INVALID_ARGUMENT/,
    async *link(requests, sound, { signal }) {
      const refused = new AbortController();
      const read = mapBatches(requests, (message) => {
        if (dislikes(message))
          refused.abort(new RpcError(Code.INVALID_ARGUMENT, 'That is no message for a link.'));
        return message;
      });
      yield* sound.link(read, { signal: AbortSignal.any([signal, refused.signal]) });
    },
  };
}

/** Agents that do not keep the rules of a link. */
export const linkFaults: Record<string, () => Fault> = {
  'link.batch': () => {
    let answered = 0;
    return { seen: /no sign of an answer/, reply: (reply) => (++answered > 200 ? [] : reply) };
  },
  'link.batch-bounds': () => ({
    seen: /a batch of \d+ messages and/,
    async *link(requests, sound, { signal }) {
      for await (const { messages } of sound.link(requests, { signal })) {
        const more = messages[0]?.heartbeat ? Array<AgentMessage>(300).fill(messages[0]) : [];
        yield { messages: [...messages, ...more] };
      }
    },
  }),
  'link.lone-message': () => ({
    seen: /no sign of an answer/,
    async *link(requests, sound, { signal }) {
      let waiting: AgentMessage[] = [];
      for await (const { messages } of sound.link(requests, { signal })) {
        waiting.push(...messages);
        if (waiting.length < 2) continue;
        yield { messages: waiting };
        waiting = [];
      }
    },
  }),
  'link.empty-batch': () => ({
    seen: /the link ended/,
    async *link(requests, sound, { signal }) {
      const ended = new AbortController();
      const read = (async function* () {
        for await (const batch of requests) {
          if (batch.messages.length === 0)
            ended.abort(new RpcError(Code.INVALID_ARGUMENT, 'An empty batch.'));
          yield batch;
        }
      })();
      yield* sound.link(read, { signal: AbortSignal.any([signal, ended.signal]) });
    },
  }),
  'link.correlation': () => ({
    seen: /PROGRESS without correlation_id/,
    reply: (reply) => (reply.type === MessageType.PROGRESS ? { ...reply, correlationId: '' } : reply),
  }),
  'link.interleaving': () => ({ seen: /after the slow one/, link: oneByOne }),
  'link.heartbeat-under-load': () => ({ seen: /after the task/, link: oneByOne }),
  'link.progress': () => ({
    seen: /as number 1 came sequence 0/,
    reply: (reply) => ({ ...reply, sequence: 0 }),
  }),
  'link.last-word': () => ({ seen: /after it came RESULT/, reply: (reply) => [reply, reply] }),
  'link.two-links': () => {
    const taken = new Set<string>();
    return {
      seen: /DUPLICATE_ID/,
      asked(message) {
        const task = taken.has(message.id) ? { ...message, capability: 'taken' } : message;
        taken.add(message.id);
        return task;
      },
      reply: (reply) =>
        reply.error
          ? { ...reply, error: { ...troupeError('DUPLICATE_ID', 'That id is taken.').toStatus() } }
          : reply,
    };
  },

  'link.cancel': () => ({
    seen: /no sign of an answer/,
    asked: (message) => (message.type === MessageType.CANCEL ? undefined : message),
  }),
  'link.cancel-stops-work': () => ({ seen: /come to tell in_flight \d/, definition: deaf }),
  'link.cancel-unknown': () => ({
    seen: /HEARTBEAT about/,
    asked: (message) =>
      message.type === MessageType.CANCEL ? { ...message, type: MessageType.HEARTBEAT } : message,
  }),
  'link.duplicate-id': () => {
    const seen = new Set<string>();
    return {
      seen: /no sign of two answers/,
      asked(message) {
        if (seen.has(message.id)) return undefined;
        seen.add(message.id);
        return message;
      },
    };
  },
  'link.bad-message': () => touchy(({ type }) => type > MessageType.CANCEL),
  'link.stray-reply': () => touchy(({ type }) => type === MessageType.RESULT),
  'link.broken': () => ({ seen: /come to tell in_flight \d/, definition: deaf }),
  'link.reconnect': () => {
    const lost: AgentMessage[] = [];
    return {
      seen: /of the old link came RESULT/,
      async *link(requests, sound, { signal }) {
        yield { messages: lost.splice(0) };
        const read = mapBatches(requests, (message) => {
          lost.push(create(AgentMessageSchema, { type: MessageType.RESULT, correlationId: message.id }));
          return message;
        });
        yield* sound.link(read, { signal });
      },
    };
  },
  'link.half-close': () => ({
    seen: /the link ended OK before/,
    async *link(requests, sound, { signal }) {
      const left = new AbortController();
      const read = (async function* () {
        yield* requests;
        left.abort();
      })();
      try {
        yield* sound.link(read, { signal: AbortSignal.any([signal, left.signal]) });
      } catch (error) {
        if (!left.signal.aborted) throw error;
      }
    },
  }),
  'link.half-close-idle': () => ({
    seen: /it ended UNAVAILABLE/,
    async *link(requests, sound, { signal }) {
      yield* sound.link(requests, { signal });
      throw new RpcError(Code.UNAVAILABLE, 'Good bye.');
    },
  }),
};
