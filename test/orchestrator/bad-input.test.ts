// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what templates are made of
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import { type AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { reader } from '../../services/crew/reader/agent.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { collect, describeFailure, failureOf, TestMesh, type TestOrchestrator } from './test-mesh.ts';

const mesh = new TestMesh();

const strict: AgentDefinition = {
  id: 'strict',
  capabilities: {
    'strict.order': {
      input: {
        type: 'object',
        required: ['customer', 'items'],
        additionalProperties: false,
        properties: {
          customer: { type: 'string', maxLength: 10 },
          items: {
            type: 'array',
            items: {
              type: 'object',
              required: ['sku'],
              properties: { count: { type: 'integer', minimum: 1 } },
            },
          },
        },
      },
      handle: (order: { customer: string }) => order.customer,
    },
    'strict.echo': { handle: (said) => said },
  },
};

let orchestrator: TestOrchestrator;
beforeEach(async () => {
  const [agent, reading] = [await mesh.agent(strict), await mesh.agent(reader)];
  orchestrator = await mesh.orchestrator({ static: [agent.address, reading.address], leaseMs: 1 });
  await orchestrator.knows('strict');
  await orchestrator.knows(reader.id);
});

/** Whatever was sent, whoever comes next is served. */
afterEach(async () => {
  const { message } = await orchestrator.rpc.dispatch({
    message: { capability: 'strict.echo', payload: toValue('still here') },
  });
  expect(fromValue(message?.payload)).toBe('still here');
  expect((await orchestrator.rpc.checkHealth({})).agents).toMatchObject({ strict: 1 });
});

type Message = MessageInitShape<typeof AgentMessageSchema>;
const echo = (rest: Message = {}): Message => ({ capability: 'strict.echo', ...rest });
const nan = { kind: { case: 'numberValue', value: Number.NaN } } as const;
const deep = (levels: number): never => (levels === 0 ? 'bottom' : [deep(levels - 1)]) as never;
const named = (count: number, size: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'x'.repeat(size)]));

describe('a task', () => {
  it.each<[string, Message, string]>([
    ['for an unknown capability', { capability: 'nobody.can' }, 'NOT_FOUND / CAPABILITY_NOT_FOUND'],
    ['for an unknown agent', { receiver: 'nobody' }, 'NOT_FOUND / AGENT_NOT_FOUND'],
    ['for a name of odd characters', { receiver: 'no\u0000bo\ud800dy' }, 'NOT_FOUND / AGENT_NOT_FOUND'],
    ['for nobody and nothing', {}, 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ['that expired', echo({ ttl: {} }), 'DEADLINE_EXCEEDED / MESSAGE_EXPIRED'],
    ['with a negative ttl', echo({ ttl: { seconds: -5n } }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ['with a ttl of negative nanos', echo({ ttl: { nanos: -1 } }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    [
      'with more nanos than a second has',
      echo({ ttl: { nanos: 1e9 } }),
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    ],
    ['passed on too often', echo({ hops: 17 }), 'FAILED_PRECONDITION / HOP_LIMIT'],
    ['passed on absurdly often', echo({ hops: 4_294_967_295 }), 'FAILED_PRECONDITION / HOP_LIMIT'],
    ['with too many headers', echo({ headers: named(33, 1) }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ['with headers too large', echo({ headers: named(2, 5000) }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ['with an attachment without a name', echo({ attachments: [{}] }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    [
      'with two attachments of one name',
      echo({ attachments: [{ name: 'a' }, { name: 'a' }] }),
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    ],
    ['that is not a number', echo({ payload: nan }), 'INVALID_ARGUMENT / INVALID_PAYLOAD'],
    ['of an unknown type', echo({ type: 99 as MessageType }), 'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE'],
    ['that is a RESULT', echo({ type: MessageType.RESULT }), 'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE'],
    [
      'that is too large to be passed on',
      echo({ payload: toValue('x'.repeat(4 * 1024 * 1024 - 64 * 1024)) }),
      'RESOURCE_EXHAUSTED / MESSAGE_TOO_LARGE',
    ],
    // gRPC itself refuses it, before there is anybody to give a reason.
    [
      'that is too large to be read',
      echo({ payload: toValue('x'.repeat(5 * 1024 * 1024)) }),
      'RESOURCE_EXHAUSTED',
    ],
  ])('%s is refused', async (_, message, expected) => {
    const error = await failureOf(collect(orchestrator.rpc.dispatchStream({ message })));
    expect(describeFailure(error)).toBe(expected);
    expect(error.message).not.toBe('');
    expect(error.message.isWellFormed()).toBe(true);
  });

  it.each<[string, Message]>([
    ['that may live for ten years', echo({ ttl: { seconds: 315_360_000n } })],
    ['that may live for as long as there are numbers', echo({ ttl: { seconds: 2n ** 62n } })],
    ['without a payload', echo()],
    ['with a value of no kind', echo({ payload: {} })],
    ['nested as deep as is allowed', echo({ payload: toValue(deep(32)) })],
    [
      'with lone surrogates and NULs',
      echo({ task: '\ud800\u0000', sender: 'a\udfff', payload: toValue('\u0000\ud83d') }),
    ],
    ['with a huge id', echo({ id: 'x'.repeat(100_000) })],
    ['with the prototype for a key', echo({ payload: toValue(JSON.parse('{"__proto__":{"x":1}}')) })],
  ])('%s is worked on', async (_, message) => {
    const { message: result } = await orchestrator.rpc.dispatch({ message });
    expect(result?.type).toBe(MessageType.RESULT);
  });

  it('that breaks the schema is refused, with every violation and its path', async () => {
    const payload = toValue({
      customer: 'x'.repeat(11),
      items: [{ sku: 'a', count: 0 }, { count: 1.5 }],
      extra: null,
    });
    const error = await failureOf(
      orchestrator.rpc.dispatch({ message: { capability: 'strict.order', payload } }),
    );
    expect(describeFailure(error)).toBe('INVALID_ARGUMENT / INVALID_PAYLOAD');
    const fields = error.detail(BadRequestSchema)!.fieldViolations.map(({ field }) => field);
    expect(fields.sort()).toEqual([
      'payload.customer',
      'payload.extra',
      'payload.items[0].count',
      'payload.items[1].count',
      'payload.items[1].sku',
    ]);
  });
});

describe('a document', () => {
  const read = (data: Uint8Array, mediaType = 'text/markdown', name = 'document') =>
    orchestrator.rpc.dispatch({
      message: {
        capability: 'document.read',
        attachments: [{ name, mediaType, content: { case: 'data', value: data } }],
      },
    });

  it.each([
    ['that is empty', Buffer.alloc(0), 'text/markdown'],
    ['that is none', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0]), 'image/jpeg'],
  ])('%s is refused with a reason', async (_, data, mediaType) => {
    const error = await failureOf(read(data, mediaType));
    expect(describeFailure(error)).toMatch(/^INVALID_ARGUMENT \/ INVALID_(PAYLOAD|MESSAGE)$/);
  });

  it('of three mebibytes is read, or refused with a reason', async () => {
    const paragraph = `${'word '.repeat(200)}\n\n`;
    const huge = Buffer.from(`# Title\n\n${paragraph.repeat(3_000)}`);
    const end = await read(huge).then(
      () => 'read',
      (error) => describeFailure(error),
    );
    expect(end).toMatch(/^(read|(INVALID_ARGUMENT|RESOURCE_EXHAUSTED) \/ [A-Z_]+)$/);
  });

  it('of NULs, lone surrogates and unclosed tags is read', async () => {
    const { message } = await read(
      Buffer.from('# A\u0000B\n\n<div><b>\ufffd text <![CDATA[ \u202e'),
      'text/markdown',
    );
    expect(message?.type).toBe(MessageType.RESULT);
  });
});

describe('a pipeline', () => {
  it.each([
    ['without steps', []],
    [
      'with a reference to a later step',
      [
        { name: 'a', capability: 'strict.echo', payload: toValue('${steps.b.output}') },
        { name: 'b', capability: 'strict.echo' },
      ],
    ],
    [
      'with a reference to an unknown step',
      [{ name: 'a', capability: 'strict.echo', payload: toValue('${steps.zzz.output}') }],
    ],
    ['with an unknown variable', [{ name: 'a', capability: 'strict.echo', payload: toValue('${inptu.x}') }]],
    [
      'with an expression that does not parse',
      [{ name: 'a', capability: 'strict.echo', payload: toValue('${1 +}') }],
    ],
    [
      'with an expression that does not end',
      [{ name: 'a', capability: 'strict.echo', payload: toValue('${input') }],
    ],
    [
      'with a name used twice',
      [
        { name: 'a', capability: 'strict.echo' },
        { name: 'a', capability: 'strict.echo' },
      ],
    ],
    ['with a name that is none', [{ name: '1-a', capability: 'strict.echo' }]],
    ['with a step that asks for nothing', [{ name: 'a' }]],
    [
      'with attachments of a later step',
      [
        { name: 'a', capability: 'strict.echo', attachments: ['b'] },
        { name: 'b', capability: 'strict.echo' },
      ],
    ],
    [
      'with too many steps',
      Array.from({ length: 65 }, (_, i) => ({ name: `s${i}`, capability: 'strict.echo' })),
    ],
  ])('%s is refused before any step, and says where', async (_, steps) => {
    const error = await failureOf(orchestrator.rpc.runPipeline({ pipeline: { steps } }));
    expect(describeFailure(error)).toBe('INVALID_ARGUMENT / INVALID_PIPELINE');
    expect(error.detail(BadRequestSchema)?.fieldViolations[0]?.field).not.toBe('');
    expect((await orchestrator.rpc.listMessages({})).records).toEqual([]);
  });
});

describe('buf curl', () => {
  const buf = resolve(import.meta.dirname, '../../node_modules/.bin/buf');

  it.each([
    ['malformed JSON', '{"message": {"capability": '],
    ['a field that does not exist', '{"message": {"capabilty": "x"}}'],
    ['a duration that is none', '{"message": {"capability": "strict.echo", "ttl": "soon"}}'],
  ])('with %s is told so', async (_, body) => {
    const url = `http://${orchestrator.address}/troupe.v1.OrchestratorService/Dispatch`;
    const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', body, url];
    const error = await promisify(execFile)(buf, args, { cwd: '/' }).catch((thrown) => thrown);
    expect(error.code).toBeGreaterThan(0);
    expect(error.stderr).not.toBe('');
  });
});
