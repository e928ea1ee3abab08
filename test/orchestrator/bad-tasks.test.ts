import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import type { MessageInit } from './callers.ts';
import { describeFailure, failureOf, TestMesh, type TestOrchestrator, WAYS } from './test-mesh.ts';

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

const echo = (rest: MessageInit = {}): MessageInit => ({ capability: 'strict.echo', ...rest });
const nan = { kind: { case: 'numberValue', value: Number.NaN } } as const;
const deep = (levels: number): never => (levels === 0 ? 'bottom' : [deep(levels - 1)]) as never;
const named = (count: number, size: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'x'.repeat(size)]));

describe.each(WAYS)('a task by $caller, to an agent by $agent,', ({ caller, agent }) => {
  const mesh = new TestMesh({ agents: agent });
  let orchestrator: TestOrchestrator;
  beforeEach(async () => {
    orchestrator = await mesh.settledWith(strict);
  });

  /** Whatever was sent, whoever comes next is served. */
  afterEach(async () => {
    const result = await orchestrator.rpc.dispatch({ message: echo({ payload: toValue('still here') }) });
    expect(fromValue(result.message?.payload)).toBe('still here');
    expect((await orchestrator.rpc.checkHealth({})).agents).toMatchObject({ strict: 1 });
  });

  it.each<[string, MessageInit, string]>([
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
    ['with a huge id', echo({ id: 'x'.repeat(100_000) }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ['with headers too large', echo({ headers: named(2, 5000) }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ['with an attachment without a name', echo({ attachments: [{}] }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    [
      'with two attachments of one name',
      echo({ attachments: [{ name: 'a' }, { name: 'a' }] }),
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    ],
    [
      'with too many attachments',
      echo({ attachments: Array.from({ length: 257 }, (_, i) => ({ name: `a${i}` })) }),
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    ],
    [
      'with more fields than any message may have',
      echo({ error: { details: Array(40_000).fill({}) } }),
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
    // gRPC itself refuses it, before there is anybody to give a reason: the call, or the link as a whole.
    [
      'that is too large to be read',
      echo({ payload: toValue('x'.repeat(5 * 1024 * 1024)) }),
      'RESOURCE_EXHAUSTED',
    ],
  ])('%s is refused', async (_, message, expected) => {
    const error = await failureOf(orchestrator.ask[caller](message));
    expect(describeFailure(error)).toBe(expected);
    expect(error.message).not.toBe('');
    expect(error.message.isWellFormed()).toBe(true);
  });

  it.each<[string, MessageInit]>([
    ['that may live for ten years', echo({ ttl: { seconds: 315_360_000n } })],
    ['that may live for as long as there are numbers', echo({ ttl: { seconds: 2n ** 62n } })],
    ['without a payload', echo()],
    ['with a value of no kind', echo({ payload: {} })],
    ['nested as deep as is allowed', echo({ payload: toValue(deep(32)) })],
    [
      'with lone surrogates and NULs',
      echo({ task: '\ud800\u0000', sender: 'a\udfff', payload: toValue('\u0000\ud83d') }),
    ],
    ['with an id as long as it may be', echo({ id: 'x'.repeat(256) })],
    ['with the prototype for a key', echo({ payload: toValue(JSON.parse('{"__proto__":{"x":1}}')) })],
  ])('%s is worked on', async (_, message) => {
    const result = await orchestrator.ask[caller](message);
    expect(result.type).toBe(MessageType.RESULT);
  });

  it('that breaks the schema is refused, with every violation and its path', async () => {
    const payload = toValue({
      customer: 'x'.repeat(11),
      items: [{ sku: 'a', count: 0 }, { count: 1.5 }],
      extra: null,
    });
    const error = await failureOf(orchestrator.ask[caller]({ capability: 'strict.order', payload }));
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
