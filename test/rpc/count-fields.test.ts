import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  CheckHealthResponseSchema,
  DispatchRequestSchema,
  ListMessagesResponseSchema,
  RunPipelineRequestSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Payload } from '../../services/protocol/codec/payload.ts';
import { type JsonValue, toValue } from '../../services/protocol/value.ts';
import { countFields, excessIn, MAX_FIELDS, UNCOUNTED_BYTES } from '../../services/rpc/count-fields.ts';
import { field } from './wire.ts';

/** The message that holds `count` empty attachments, encoded. */
function attachments(count: number): Uint8Array {
  return toBinary(AgentMessageSchema, create(AgentMessageSchema, { attachments: Array(count).fill({}) }));
}

/** A request whose input is that JSON, encoded. */
const pipeline = (input: JsonValue) => field(0x12, (toValue(input) as Payload).bytes);

describe('The fields of an encoded message', () => {
  const message = {
    id: 'a',
    payload: toValue([1, 2, 3]),
    headers: { a: '', b: '' },
    attachments: [{ name: 'a' }, { name: 'b', mediaType: 'c' }],
    routing: { labels: { region: 'eu' } },
  };

  it('are counted with those of the messages in it, but for those in JSON and in entries of maps', () => {
    const bytes = toBinary(AgentMessageSchema, create(AgentMessageSchema, message));
    expect(countFields(AgentMessageSchema, bytes)).toBe(1 + 1 + 2 + 2 + 3 + 2);
    expect(countFields(AgentMessageSchema, bytes, { json: true })).toBe(11);
  });

  it('are counted in messages in messages, and in maps of them', () => {
    const records = [{ message }, { message }];
    const list = toBinary(ListMessagesResponseSchema, create(ListMessagesResponseSchema, { records }));
    expect(countFields(ListMessagesResponseSchema, list)).toBe(2 * (1 + 1 + 11));
    const health = toBinary(
      CheckHealthResponseSchema,
      create(CheckHealthResponseSchema, { agents: { a: 1 } }),
    );
    expect(countFields(CheckHealthResponseSchema, health)).toBe(1);
  });

  it('that are not known are counted too, groups and what stands in them included', () => {
    // Field 100: a varint, a fixed32, a fixed64, bytes; and a group with a varint in it.
    const bytes = Buffer.from(
      `a00601${'a50600000000'}${'a1060000000000000000'}${'a20600'}${'a306'}0801${'a406'}`,
      'hex',
    );
    expect(countFields(AgentMessageSchema, bytes)).toBe(7);
  });

  it('are too many from one more on, and it is said where', () => {
    expect(countFields(AgentMessageSchema, attachments(MAX_FIELDS))).toBe(MAX_FIELDS);
    const request = create(DispatchRequestSchema, { message: { attachments: Array(MAX_FIELDS).fill({}) } });
    expect(excessIn(DispatchRequestSchema, toBinary(DispatchRequestSchema, request))).toEqual({
      field: 'message.attachments',
      description:
        'is one field too many: a message holds at most 32768, those of the messages in it included',
    });
    const unknown = Buffer.from('a00601'.repeat(MAX_FIELDS + 1), 'hex');
    expect(excessIn(AgentMessageSchema, unknown)?.field).toBe('field 100');
  });

  it('are not looked at where the message is too small to hold too many', () => {
    const garbage = Buffer.alloc(UNCOUNTED_BYTES, 0xff);
    expect(excessIn(AgentMessageSchema, garbage)).toBeUndefined();
    expect(() => excessIn(AgentMessageSchema, Buffer.concat([garbage, garbage]))).toThrow();
  });
});

describe('The JSON in an encoded message', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

  it('is not looked into unless it will be read', () => {
    expect(excessIn(RunPipelineRequestSchema, pipeline(numbers(600_000)))).toBeUndefined();
  });

  it('may hold as many numbers as 4 MiB do, and is refused with more values', () => {
    expect(excessIn(RunPipelineRequestSchema, pipeline(numbers(381_000)), { json: true })).toBeUndefined();
    const excess = excessIn(RunPipelineRequestSchema, pipeline(numbers(600_000)), { json: true });
    expect(excess).toEqual({
      field: 'input',
      description: 'holds more than 524288 JSON values, with those in one another',
    });
  });

  it('is left to whoever reads it where it is nested without end', () => {
    let bytes: Buffer = Buffer.alloc(0);
    // list_value { values }
    for (let i = 0; i < 20_000; i++) bytes = field(0x32, field(0x0a, bytes));
    const input = field(0x12, bytes);
    expect(excessIn(RunPipelineRequestSchema, input, { json: true })).toBeUndefined();
  });
});
