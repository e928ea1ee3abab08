import { describe, expect, it } from 'vitest';
import { BadRequestSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { type JsonValue, troupeError } from '../../services/agent/index.ts';
import { errorInfoOf, reasonOf } from '../../services/protocol/reason.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../services/rpc/rpc-error.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { DOORS, served } from './agents.ts';

/** What a handler may do wrong, and what its caller is told of it. */
const failures: [string, () => JsonValue | Promise<JsonValue>, string][] = [
  [
    'throws',
    () => {
      throw new TypeError('boom');
    },
    'boom',
  ],
  ['rejects', () => Promise.reject(new Error('later boom')), 'later boom'],
  [
    'throws a text',
    () => {
      throw 'a text';
    },
    'a text',
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
    'undefined',
  ],
  [
    'throws an object without a prototype',
    () => {
      throw Object.create(null);
    },
    '[Object: null prototype]',
  ],
  ['answers NaN', () => Number.NaN, 'no JSON'],
  ['answers a BigInt', () => 1n as never, 'no JSON'],
  ['answers a function', () => (() => 1) as never, 'no JSON'],
  [
    'answers a cycle',
    () => {
      const ring: JsonValue[] = [];
      ring.push(ring);
      return ring;
    },
    'no JSON',
  ],
];

describe.each(DOORS)('A task over %s', (door) => {
  it('is answered with what its handler answers, by the agent, about the task', async () => {
    const { ask } = await served({
      capabilities: { double: { handle: ({ n }: { n: number }) => ({ n: 2 * n }) } },
    });
    const reply = await ask[door]({ id: 'one', capability: 'double', payload: { n: 21 } });
    expect(reply).toMatchObject({
      type: MessageType.RESULT,
      sender: 'tested',
      receiver: 'test',
      correlationId: 'one',
    });
    expect(fromValue(reply?.payload)).toEqual({ n: 42 });
  });

  it('need not name the capability of an agent that has just one', async () => {
    const { ask } = await served({ capabilities: { only: { handle: async () => 'here' } } });
    expect(fromValue((await ask[door]({}))?.payload)).toBe('here');
  });

  it('is answered null where its handler answers nothing', async () => {
    const { ask } = await served({ capabilities: { quiet: { handle: () => undefined as never } } });
    expect((await ask[door]({}))?.payload?.kind.case).toBe('nullValue');
  });

  it.each([
    ['', 'has to name a capability: a, b'],
    ['c', 'has no capability c. It has: a, b'],
  ])(
    'for the capability "%s" of an agent with two others is CAPABILITY_NOT_FOUND',
    async (capability, text) => {
      const { ask } = await served({ capabilities: { a: { handle: () => 1 }, b: { handle: () => 2 } } });
      const error = await failureOf(ask[door]({ capability }));
      expect([error.code, reasonOf(error)]).toEqual([Code.NOT_FOUND, 'CAPABILITY_NOT_FOUND']);
      expect(error.message).toContain(text);
    },
  );

  it.each(failures)('whose handler %s fails HANDLER_FAILED, and the agent lives', async (_, handle, text) => {
    const { ask, agent } = await served({
      capabilities: { fail: { handle }, work: { handle: () => 'well' } },
    });
    const error = await failureOf(ask[door]({ capability: 'fail' }));
    expect([error.code, reasonOf(error)]).toEqual([Code.UNKNOWN, 'HANDLER_FAILED']);
    expect(error.message).toContain(text);
    expect(errorInfoOf(error)?.metadata).toEqual({ agent: 'tested', capability: 'fail' });
    expect(fromValue((await ask[door]({ capability: 'work' }))?.payload)).toBe('well');
    expect(agent.history.map(({ error }) => error && reasonOf(error))).toEqual(['HANDLER_FAILED', undefined]);
  });

  it("fails with its handler's own error as it is, domain and all", async () => {
    const detail = packDetail(RetryInfoSchema, {});
    const { ask } = await served({
      capabilities: {
        fail: {
          handle: () => {
            throw new RpcError(Code.ABORTED, 'Try another page.', [detail]);
          },
        },
      },
    });
    const error = await failureOf(ask[door]({}));
    expect(error).toMatchObject({ code: Code.ABORTED, message: 'Try another page.' });
    expect(error.details).toEqual([detail]);
  });

  it('that has expired is refused before any work', async () => {
    let worked = 0;
    const { ask } = await served({ capabilities: { work: { handle: () => ++worked } } });
    expect(await reasonIn(ask[door]({ ttl: msToDuration(0) }))).toBe('MESSAGE_EXPIRED');
    expect(worked).toBe(0);
  });

  it.each([
    ['a negative ttl', { ttl: msToDuration(-1) }, 'INVALID_MESSAGE'],
    [
      '33 headers',
      { headers: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`h${n}`, ''])) },
      'INVALID_MESSAGE',
    ],
    ['more than 16 hops', { hops: 17 }, 'HOP_LIMIT'],
  ])('with %s is refused before any work', async (_, init, reason) => {
    let worked = 0;
    const { ask } = await served({ capabilities: { work: { handle: () => ++worked } } });
    expect(await reasonIn(ask[door](init))).toBe(reason);
    expect(worked).toBe(0);
  });

  it('whose payload breaks the schema is refused before any work, with every path', async () => {
    let worked = 0;
    const input = {
      type: 'object',
      required: ['name'],
      properties: { items: { type: 'array', items: { type: 'number' } } },
    };
    const { ask } = await served({ capabilities: { work: { input, handle: () => ++worked } } });
    const error = await failureOf(ask[door]({ payload: { items: [1, 'two', 'three'] } }));
    expect([error.code, reasonOf(error)]).toEqual([Code.INVALID_ARGUMENT, 'INVALID_PAYLOAD']);
    const fields = error.detail(BadRequestSchema)?.fieldViolations.map(({ field }) => field);
    expect(fields?.sort()).toEqual(['payload.items[1]', 'payload.items[2]', 'payload.name']);
    expect(worked).toBe(0);
  });

  it('over the limit of an agent where none may wait is OVERLOADED, and told when to come back', async () => {
    const { promise, resolve } = Promise.withResolvers<JsonValue>();
    const started = Promise.withResolvers<void>();
    const handle = () => {
      started.resolve();
      return promise;
    };
    const { ask } = await served({ maxConcurrency: 1, maxWaiting: 0, capabilities: { work: { handle } } });
    const first = ask[door]({});
    await started.promise;
    const error = await failureOf(ask[door]({}));
    expect([error.code, reasonOf(error)]).toEqual([Code.RESOURCE_EXHAUSTED, 'OVERLOADED']);
    expect(error.detail(RetryInfoSchema)?.retryDelay).toBeDefined();
    resolve('done');
    expect(fromValue((await first)?.payload)).toBe('done');
    expect(fromValue((await ask[door]({}))?.payload)).toBe('done');
  });

  it('ends TASK_TIMED_OUT when its time runs out, and its handler is told so', async () => {
    const reason = Promise.withResolvers<RpcError>();
    const { ask } = await served({
      capabilities: {
        hang: {
          handle: (_, { signal }) => {
            signal.addEventListener('abort', () => reason.resolve(signal.reason));
            return new Promise(() => {});
          },
        },
      },
    });
    expect(await reasonIn(ask[door]({ ttl: msToDuration(40) }))).toBe('TASK_TIMED_OUT');
    expect(reasonOf(await reason.promise)).toBe('TASK_TIMED_OUT');
  });

  it('that runs out of time has failed, whatever its handler answers after that', async () => {
    const { ask, agent } = await served({
      capabilities: {
        late: {
          handle: (_, { signal }) => new Promise((resolve) => (signal.onabort = () => resolve('late'))),
        },
      },
    });
    expect(await reasonIn(ask[door]({ ttl: msToDuration(40) }))).toBe('TASK_TIMED_OUT');
    const beat = await ask[door]({ type: MessageType.HEARTBEAT });
    expect(beat?.heartbeat).toMatchObject({ inFlight: 0, failed: 1n });
    expect(reasonOf(agent.history[0]!.error!)).toBe('TASK_TIMED_OUT');
  });

  it('that its caller cancels is cancelled in its handler, which may still fail as it likes', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const { ask, agent } = await served({
      capabilities: {
        hang: {
          handle: (_, { signal }) => {
            started.resolve(signal);
            return new Promise((_, reject) => {
              signal.addEventListener('abort', () => reject(new Error('stopped')));
            });
          },
        },
      },
    });
    const controller = new AbortController();
    const asked = ask[door]({}, { signal: controller.signal });
    const signal = await started.promise;
    controller.abort(troupeError('TASK_CANCELLED', 'Changed my mind.'));
    expect((await failureOf(asked)).code).toBe(Code.CANCELLED);
    while (!agent.history[0]?.error) await new Promise((resolve) => setImmediate(resolve));
    expect(signal.aborted).toBe(true);
    expect(reasonOf(agent.history[0].error)).toBe('TASK_CANCELLED');
  });

  it('too large a RESULT of which becomes an ERROR', async () => {
    const { ask } = await served({ capabilities: { shout: { handle: () => 'x'.repeat(4 * 1024 * 1024) } } });
    expect(await reasonIn(ask[door]({}))).toBe('MESSAGE_TOO_LARGE');
  });

  it("may live as long as its capability's default, where the caller does not say", async () => {
    const { ask } = await served({
      capabilities: { hang: { defaultTtlMs: 40, handle: () => new Promise(() => {}) } },
    });
    expect(await reasonIn(ask[door]({}))).toBe('TASK_TIMED_OUT');
  });
});
