import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../protocol/value.ts';
import type { AgentDefinition, CapabilityDefinition } from './definition.ts';
import type { TaskContext } from './task-context.ts';

/** The capability by which the conformance kit looks at how an agent behaves. */
export const PROBE_CAPABILITY = 'conformance.probe';

/** What a task for the probe orders. An absent payload, or null, orders nothing: the RESULT comes at once. */
export interface ProbeOrder {
  /** How long it works first, in milliseconds: a cancel or the deadline ends that early. Default: 0. */
  delay_ms?: number;
  /** How many PROGRESS it then sends, with the payloads `{"n": 1}`, `{"n": 2}`, … Default: 0. */
  progress?: number;
  /** Where it is not empty, the task then fails HANDLER_FAILED, with this in its text. Default: empty. */
  fail?: string;
  /** How many `x` the RESULT holds in `data`. Default: 0, and no `data`. */
  size?: number;
  /** What the RESULT holds in `echo`, as it came. Default: null. */
  echo?: JsonValue;
}

/** JSON Schema of a ProbeOrder: the capability's `input_schema`, the same in every language. */
export const PROBE_INPUT_SCHEMA: JsonObject = {
  type: ['object', 'null'],
  properties: {
    delay_ms: {
      type: 'number',
      minimum: 0,
      maximum: 60_000,
      description: 'Milliseconds to work first; a cancel or the deadline ends that early.',
    },
    progress: {
      type: 'integer',
      minimum: 0,
      maximum: 10_000,
      description: 'PROGRESS to send then, with the payloads {"n": 1}, {"n": 2}, …',
    },
    fail: { type: 'string', description: 'Not empty: then fail HANDLER_FAILED, with this in the text.' },
    size: { type: 'integer', minimum: 0, maximum: 8_388_608, description: 'How many x to answer in data.' },
    echo: { description: 'What to answer in echo, as it came.' },
  },
  additionalProperties: false,
};

/** JSON Schema of what the probe answers: the capability's `output_schema`. */
export const PROBE_OUTPUT_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    echo: { description: 'The echo that was ordered, else null.' },
    data: {
      type: 'string',
      pattern: '^x+$',
      description: 'As many x as were ordered; absent where none were.',
    },
    received: {
      type: 'object',
      description: 'The fields of the task as they came to the handler.',
      properties: {
        attempt: { type: 'integer' },
        idempotency_key: { type: 'string' },
        hops: { type: 'integer' },
        sender: { type: 'string' },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        attachments: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              media_type: { type: 'string' },
              bytes: { type: 'integer', description: 'The length of its data; 0 where it is a URI.' },
            },
            required: ['name', 'media_type', 'bytes'],
          },
        },
      },
      required: ['attempt', 'idempotency_key', 'hops', 'sender', 'headers', 'attachments'],
    },
  },
  required: ['echo', 'received'],
};

/**
 * The probe: works for `delay_ms`, sends `progress` PROGRESS, and then fails or answers as ordered. It may
 * run many times at once, and nothing it does lasts.
 */
export const conformanceProbe: CapabilityDefinition = {
  description: 'Works, reports, fails and answers as ordered, so that the contract can be checked.',
  input: PROBE_INPUT_SCHEMA,
  output: PROBE_OUTPUT_SCHEMA,
  idempotent: true,
  tags: ['conformance'],
  async handle(input: ProbeOrder | null, task: TaskContext): Promise<JsonValue> {
    const { delay_ms: delayMs = 0, progress = 0, fail = '', size = 0, echo = null } = input ?? {};
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: task.signal });
    for (let n = 1; n <= progress; n++) {
      task.progress({ n });
      // The link gets its turn: what is sent in one go counts as undelivered.
      await turn(undefined, { signal: task.signal });
    }
    if (fail !== '') throw new Error(fail);
    return { echo, ...(size > 0 && { data: 'x'.repeat(size) }), received: received(task) };
  },
};

/** An agent that offers the probe beside its own capabilities. */
export function withConformanceProbe(definition: AgentDefinition): AgentDefinition {
  return {
    ...definition,
    capabilities: { ...definition.capabilities, [PROBE_CAPABILITY]: conformanceProbe },
  };
}

function received({ message }: TaskContext): JsonValue {
  const { attempt, idempotencyKey, hops, sender, headers } = message;
  const attachments = message.attachments.map(({ name, mediaType, content }) => ({
    name,
    media_type: mediaType,
    bytes: content.case === 'data' ? content.value.length : 0,
  }));
  return { attempt, idempotency_key: idempotencyKey, hops, sender, headers: { ...headers }, attachments };
}
