import type { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { TaskOptions } from '../../../services/client/index.ts';
import { msToDuration } from '../../../services/protocol/ttl.ts';
import type { JsonValue } from '../../../services/protocol/value.ts';
import type { MessageInit } from '../../orchestrator/callers.ts';

/** What is asked for, in the words of a `Troupe`. */
export interface Ask extends Pick<TaskOptions, 'headers' | 'attachments' | 'task' | 'timeoutMs'> {
  payload: JsonValue;
  /** What the agent has to be able to do: `play`, unless the task is to be refused. */
  verb?: string;
}

const many = (count: number, size: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`h${n}`, 'x'.repeat(size)]));

/** What is refused before any work, and can be asked by anybody. */
export const refusals: Readonly<Record<string, Ask>> = {
  'what the agent cannot do': { payload: null, verb: 'sing' },
  'a payload that breaks the schema': { payload: true },
  'too many headers': { payload: null, headers: many(33, 1) },
  'headers too large': { payload: null, headers: many(2, 5000) },
  'two attachments of one name': { payload: null, attachments: [{ name: 'a' }, { name: 'a' }] },
  'an attachment without a name': { payload: null, attachments: [{}] },
  'a message too large to be passed on': { payload: 'x'.repeat(4 * 1024 * 1024 - 60 * 1024) },
};

const nan = { kind: { case: 'numberValue', value: Number.NaN } } as const;
const deep = (levels: number): NonNullable<MessageInit['payload']> =>
  levels === 0 ? {} : { kind: { case: 'listValue', value: { values: [deep(levels - 1)] } } };

/** What is refused before any work, as only a stranger would write it. */
export const malformed: Readonly<Record<string, MessageInit>> = {
  'one that has expired': { ttl: {} },
  'a negative ttl': { ttl: msToDuration(-5000) },
  'more nanos than a second has': { ttl: { nanos: 1e9 } },
  'a ring of agents': { hops: 17 },
  'no JSON': { payload: nan },
  'a payload nested too deep': { payload: deep(40) },
  'a RESULT': { type: 2 as MessageType },
  'an unknown type': { type: 99 as MessageType },
};
