import { create } from '@bufbuild/protobuf';
import { anyPack, type Value } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { AgentMessageSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { MessageRecordSchema } from '../../../gen/troupe/v1/message_record_pb.js';
import { messageToJson } from '../../../services/cli/print/to-json.ts';
import { Payload } from '../../../services/protocol/codec/payload.ts';

const NO_KIND: Value = { $typeName: 'google.protobuf.Value', kind: { case: undefined } };

describe('the JSON of a message', () => {
  it('has null for a value without a kind, at any depth', () => {
    const fields = { a: NO_KIND };
    const payload: Value = {
      $typeName: 'google.protobuf.Value',
      kind: { case: 'structValue', value: { $typeName: 'google.protobuf.Struct', fields } },
    };
    expect(messageToJson(AgentMessageSchema, create(AgentMessageSchema, { payload }))).toEqual({
      payload: { a: null },
    });
    expect(messageToJson(AgentMessageSchema, create(AgentMessageSchema, { payload: NO_KIND }))).toEqual({
      payload: null,
    });
  });

  it('has null for a value without a kind in a payload that nobody has looked into', () => {
    const payload = new Payload(Buffer.from([0x32, 0x04, 0x0a, 0x00, 0x0a, 0x00]));
    expect(messageToJson(AgentMessageSchema, create(AgentMessageSchema, { payload }))).toEqual({
      payload: [null, null],
    });
    expect(
      messageToJson(
        AgentMessageSchema,
        create(AgentMessageSchema, { payload: new Payload(Buffer.alloc(0)) }),
      ),
    ).toEqual({ payload: null });
  });

  it('has the nearest that JSON has for a time that it has not', () => {
    const record = create(MessageRecordSchema, {
      message: { timestamp: { seconds: 2n ** 50n }, ttl: { seconds: 2n ** 62n } },
    });
    expect(messageToJson(MessageRecordSchema, record)).toEqual({
      message: { timestamp: '9999-12-31T23:59:59.999999999Z', ttl: '315576000000s' },
    });
  });

  it('leaves a payload that JSON does not have out of a record of the log, and nothing else', () => {
    const payload: Value = {
      $typeName: 'google.protobuf.Value',
      kind: { case: 'numberValue', value: Number.NaN },
    };
    const record = create(MessageRecordSchema, { message: { task: 'odd', payload }, sequence: 7n });
    expect(messageToJson(MessageRecordSchema, record)).toEqual({ sequence: '7', message: { task: 'odd' } });
  });

  it("has google.rpc's details, and leaves out those of types that it does not know, or that do not decode", () => {
    const known = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: 'TIRED', domain: 'writer' }));
    const unknown = anyPack(AgentCardSchema, create(AgentCardSchema, { id: 'x' }));
    const broken = { ...known, value: new Uint8Array([255, 255, 255]) };
    const error = create(StatusSchema, { code: 8, details: [unknown, broken, known] });
    expect(messageToJson(AgentMessageSchema, create(AgentMessageSchema, { error }))).toEqual({
      error: {
        code: 8,
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'TIRED', domain: 'writer' }],
      },
    });
  });

  it('has the bytes of documents as base64', () => {
    const attachments = [{ name: 'a.txt', content: { case: 'data' as const, value: Buffer.from('hello') } }];
    expect(messageToJson(AgentMessageSchema, create(AgentMessageSchema, { attachments }))).toEqual({
      attachments: [{ name: 'a.txt', data: 'aGVsbG8=' }],
    });
  });
});
