import { afterEach, describe, expect, it } from 'vitest';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A promise with a way to settle it from outside, which the handlers below use to say what they saw. */
function seen<T>() {
  return Promise.withResolvers<T>();
}

const agent: Handlers<typeof AgentService> = {
  describe: () => ({ card: { id: 'echo' } }),
  handle: async (request) => ({ message: request.message! }),
  async *link(requests) {
    for await (const request of requests) yield { messages: request.messages };
  },
};

const state = {
  get: () => ({}),
  set: () => ({}),
  delete: () => ({}),
  list: () => ({}),
  async *watch() {},
} satisfies Handlers<typeof StateService>;

async function serveAgent(handlers: Partial<Handlers<typeof AgentService>> = {}) {
  const server = new RpcServer({ services: [bind(AgentService, { ...agent, ...handlers })] });
  const address = await server.listen('127.0.0.1:0');
  const channel = new Channel(address);
  cleanups.push(
    () => server.close(),
    () => channel.close(),
  );
  return { server, address, client: createClient(AgentService, channel) };
}

async function serveWatch(watch: Handlers<typeof StateService>['watch']) {
  const server = new RpcServer({ services: [bind(StateService, { ...state, watch })] });
  const channel = new Channel(await server.listen('127.0.0.1:0'));
  cleanups.push(
    () => server.close(),
    () => channel.close(),
  );
  return { server, client: createClient(StateService, channel) };
}

/** What a promise, or the iteration of a stream, is rejected with. */
async function failureOf(outcome: Promise<unknown> | AsyncIterable<unknown>): Promise<RpcError> {
  const settled = Symbol.asyncIterator in outcome ? Array.fromAsync(outcome) : outcome;
  const thrown = await settled.then(
    () => expect.fail('The call did not fail.'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(RpcError);
  return thrown as RpcError;
}

describe('a unary call', () => {
  it('brings the request to the handler and its response back', async () => {
    const { client } = await serveAgent();
    const { message } = await client.handle({ message: { task: 'Hello', headers: { a: '1' } } });
    expect(message).toMatchObject({ task: 'Hello', headers: { a: '1' } });
  });

  it('fails with the code, text and details that the handler threw', async () => {
    const { client } = await serveAgent({
      handle: () => {
        throw new RpcError(Code.ABORTED, 'Not now.', [
          {
            $typeName: 'google.protobuf.Any',
            typeUrl: 'type.googleapis.com/a.B',
            value: new Uint8Array([1]),
          },
        ]);
      },
    });
    const error = await failureOf(client.handle({}));
    expect(error).toMatchObject({ code: Code.ABORTED, message: 'Not now.' });
    expect(error.details[0]).toMatchObject({ typeUrl: 'type.googleapis.com/a.B' });
  });

  it('fails UNKNOWN with the text of anything else that is thrown, and the server lives on', async () => {
    const { client } = await serveAgent({
      handle: async () => {
        throw new TypeError('boom');
      },
    });
    expect(await failureOf(client.handle({}))).toMatchObject({ code: Code.UNKNOWN, message: 'boom' });
    expect((await client.describe({})).card?.id).toBe('echo');
  });

  it('survives a status text with a lone surrogate, and cuts one that is too long', async () => {
    const { client } = await serveAgent({
      handle: (request) => {
        throw new RpcError(Code.INTERNAL, request.message!.task === 'long' ? 'x'.repeat(9000) : 'a\ud800b');
      },
    });
    expect((await failureOf(client.handle({ message: { task: 'lone' } }))).message).toBe('a\ufffdb');
    expect((await failureOf(client.handle({ message: { task: 'long' } }))).message).toMatch(/^x{500,511}…$/);
  });

  it('tells the handler how much time is left, and its signal when that has run out', async () => {
    const remaining = seen<number>();
    const reason = seen<RpcError>();
    const { client } = await serveAgent({
      handle: (_, context) => {
        remaining.resolve(context.deadline.remainingMs);
        context.signal.addEventListener('abort', () => reason.resolve(context.signal.reason));
        return new Promise(() => {});
      },
    });
    const error = await failureOf(client.handle({}, { deadline: Deadline.after(80) }));
    expect(error.code).toBe(Code.DEADLINE_EXCEEDED);
    expect(await remaining.promise).toBeLessThanOrEqual(80);
    expect((await reason.promise).code).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('tells the handler when the caller cancels, and fails with the reason of the signal', async () => {
    const started = seen<void>();
    const reason = seen<RpcError>();
    const { client } = await serveAgent({
      handle: (_, context) => {
        started.resolve();
        context.signal.addEventListener('abort', () => reason.resolve(context.signal.reason));
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const call = failureOf(client.handle({}, { signal: controller.signal }));
    await started.promise;
    controller.abort(new RpcError(Code.CANCELLED, 'Changed my mind.'));
    expect(await call).toMatchObject({ code: Code.CANCELLED, message: 'Changed my mind.' });
    expect((await reason.promise).code).toBe(Code.CANCELLED);
  });

  it('with a signal that was aborted before is never sent', async () => {
    const { client } = await serveAgent();
    expect((await failureOf(client.handle({}, { signal: AbortSignal.abort() }))).code).toBe(Code.CANCELLED);
  });

  it('brings metadata and the peer to the handler', async () => {
    const context = seen<[string | null, string]>();
    const { client } = await serveAgent({
      handle: (_, { headers, peer }) => {
        context.resolve([headers.get('traceparent'), peer]);
        return {};
      },
    });
    await client.handle({}, { headers: { traceparent: '00-1-2-3' } });
    expect(await context.promise).toEqual(['00-1-2-3', expect.stringContaining('127.0.0.1:')]);
  });
});

describe('a server stream', () => {
  it('yields every response in order, then ends', async () => {
    const { client } = await serveWatch(async function* () {
      for (let n = 1; n <= 1000; n++) yield { event: { entry: { revision: BigInt(n) } } };
    });
    const events = await Array.fromAsync(client.watch({}));
    expect(events.map(({ event }) => Number(event?.entry?.revision))).toEqual(
      Array.from({ length: 1000 }, (_, n) => n + 1),
    );
  });

  it('hands out what came before a failure, then fails', async () => {
    const { client } = await serveWatch(async function* () {
      for (let n = 0; n < 40; n++) yield {};
      throw new RpcError(Code.OUT_OF_RANGE, 'Too old.');
    });
    let count = 0;
    const reading = (async () => {
      for await (const _ of client.watch({})) count++;
    })();
    expect(await failureOf(reading)).toMatchObject({ code: Code.OUT_OF_RANGE, message: 'Too old.' });
    expect(count).toBe(40);
  });

  it('cancels the handler when its reader leaves', async () => {
    const left = seen<void>();
    const { client } = await serveWatch(async function* (_, { signal }) {
      signal.addEventListener('abort', () => left.resolve());
      while (!signal.aborted) yield {};
    });
    for await (const _ of client.watch({})) break;
    await left.promise;
  });

  it('stops its handler while nobody reads', async () => {
    let yielded = 0;
    const { client } = await serveWatch(async function* (_, { signal }) {
      const value = { kind: { case: 'stringValue' as const, value: 'x'.repeat(100_000) } };
      while (!signal.aborted) {
        yielded++;
        yield { event: { entry: { value } } };
      }
    });
    const iterator = client.watch({})[Symbol.asyncIterator]();
    await iterator.next();
    // A second call is answered only after the server had every chance to run ahead with the first.
    for await (const _ of client.watch({})) break;
    expect(yielded).toBeLessThan(1000);
    await iterator.return?.();
  });
});

describe('a stream both ways', () => {
  it('brings messages both ways until the caller half-closes', async () => {
    const { client } = await serveAgent();
    async function* requests() {
      yield { messages: [{ id: '1' }, { id: '2' }] };
      yield { messages: [{ id: '3' }] };
    }
    const batches = await Array.fromAsync(client.link(requests()));
    expect(batches.map(({ messages }) => messages.map(({ id }) => id))).toEqual([['1', '2'], ['3']]);
  });

  it('fails at both ends when the server closes', async () => {
    const { client, server } = await serveAgent();
    const idle = new AbortController();
    async function* requests() {
      yield { messages: [{ id: '1' }] };
      await new Promise((resolve) => idle.signal.addEventListener('abort', resolve));
    }
    const stream = client.link(requests())[Symbol.asyncIterator]();
    await stream.next();
    const next = failureOf(stream.next());
    await server.close();
    expect((await next).code).toBe(Code.UNAVAILABLE);
    idle.abort();
  });
});
