import { setTimeout as sleep } from 'node:timers/promises';
import type { Heartbeat } from '../../../gen/troupe/v1/agent_message_pb.js';
import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import {
  conformanceProbe,
  PROBE_CAPABILITY,
  type ProbeOrder,
} from '../../../services/agent/conformance-probe.ts';
import type { AgentDefinition } from '../../../services/agent/index.ts';
import { durationToMs } from '../../../services/protocol/ttl.ts';
import { toValue } from '../../../services/protocol/value.ts';
import { type Fault, soundDefinition } from '../faulty-agent.ts';

/** A definition whose probe does not heed its signal. */
export const deaf: Partial<AgentDefinition> = {
  capabilities: {
    ...soundDefinition.capabilities,
    [PROBE_CAPABILITY]: {
      ...conformanceProbe,
      handle: async (order: ProbeOrder | null) => {
        await sleep(order?.delay_ms ?? 0, undefined, { ref: false });
        return { echo: null };
      },
    },
  },
};

const STILL_IN_FLIGHT = /come to tell in_flight \d/;
const withoutTtl = ({ ttl: _, ...message }: AgentMessage): AgentMessage => message;

function telling(spoil: (heartbeat: Heartbeat) => Partial<Heartbeat>, seen: RegExp): Fault {
  return {
    seen,
    reply: (reply) =>
      reply.heartbeat ? { ...reply, heartbeat: { ...reply.heartbeat, ...spoil(reply.heartbeat) } } : reply,
  };
}

/** An agent that fails in its own way. */
function failing(spoil: (error: NonNullable<AgentMessage['error']>) => object, seen: RegExp): Fault {
  return {
    seen,
    reply: (reply) => (reply.error ? { ...reply, error: { ...reply.error, ...spoil(reply.error) } } : reply),
  };
}

/** Agents that do not keep to time, tell failures badly, or do not know how they are. */
export const workFaults: Record<string, () => Fault> = {
  'deadlines.expired': () => ({
    seen: /RESULT instead of/,
    asked: (message) => withoutTtl({ ...message, payload: toValue({}) }),
  }),
  'deadlines.negative': () => ({ seen: /RESULT instead of/, asked: withoutTtl }),
  'deadlines.maximum': () => ({
    seen: /MESSAGE_EXPIRED/,
    asked: (message) =>
      message.ttl && durationToMs(message.ttl) > 3_600_000
        ? { ...message, ttl: { ...message.ttl, seconds: 0n } }
        : message,
  }),
  'deadlines.ttl': () => ({ seen: /ended 2\d{3} ms after it was sent/, asked: withoutTtl }),
  'deadlines.ttl-stops-work': () => ({ seen: STILL_IN_FLIGHT, definition: deaf }),
  'deadlines.call': () => ({ seen: STILL_IN_FLIGHT, definition: deaf }),
  'deadlines.margin': () => ({
    seen: /DEADLINE_EXCEEDED .*instead of DEADLINE_EXCEEDED \/ TASK_TIMED_OUT/,
    handle: async (message, sound) =>
      message?.type === MessageType.TASK ? new Promise(() => {}) : (await sound.handle({ message })).message,
  }),
  'deadlines.cancel': () => ({ seen: STILL_IN_FLIGHT, definition: deaf }),

  'errors.handler': () => failing(() => ({ message: 'Something went wrong.' }), /its text is "Something/),
  'errors.info': () => failing(({ details }) => ({ details: [...details, ...details] }), /2 ErrorInfos/),
  'errors.bounds': () => failing(({ message }) => ({ message: message.repeat(20) }), /\d{4} characters/),
  'errors.contained': () => {
    let failed: AgentMessage | undefined;
    return {
      seen: /HANDLER_FAILED/,
      reply(reply) {
        if (reply.type === MessageType.ERROR) failed ??= reply;
        return failed ?? reply;
      },
    };
  },

  'broadcast.reply': () => ({
    seen: /HEARTBEAT/,
    definition: { onBroadcast: () => 'heard' },
    reply: (reply) => ({ ...reply, type: MessageType.HEARTBEAT }),
  }),
  'broadcast.acknowledgement': () => {
    let broadcasts = 0;
    return {
      seen: /TASK/,
      async handle(message) {
        broadcasts += 1;
        return broadcasts === 1 ? undefined : { ...message!, type: MessageType.TASK };
      },
    };
  },
  'broadcast.link-acknowledgement': () => ({
    seen: /with a payload/,
    reply: (reply) => ({ ...reply, payload: toValue('thanks') }),
  }),
  'broadcast.expired': () => ({ seen: /no message instead of/, asked: withoutTtl }),

  'heartbeat.answer': () => ({ seen: /`heartbeat` is absent/, reply: ({ heartbeat: _, ...reply }) => reply }),
  'heartbeat.status': () => telling(() => ({ status: AgentStatus.OFFLINE }), /OFFLINE/),
  'heartbeat.busy': () => telling(() => ({ status: AgentStatus.IDLE }), /in_flight 3, yet IDLE/),
  'heartbeat.counts': () => telling(() => ({ received: 1n }), /received \+ 0/),
  'heartbeat.error': () => telling(() => ({ status: AgentStatus.IDLE }), /IDLE after a failure/),

  'capacity.full': () => ({ seen: /RESULT instead of/, card: (card) => ({ ...card, maxConcurrency: 2 }) }),
  'capacity.freed': () => ({ seen: STILL_IN_FLIGHT, definition: { ...deaf, maxConcurrency: 2 } }),
};
