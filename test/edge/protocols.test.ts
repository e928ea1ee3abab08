import { fromBinary } from '@bufbuild/protobuf';
import { createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { fromConnectError } from '../../services/edge/connect-error.ts';
import { troupeError } from '../../services/protocol/reason.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { openDoor, type Served } from './door.ts';

const TRANSPORTS: [string, (baseUrl: string) => Transport][] = [
  ['Connect, JSON, HTTP/1.1', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' })],
  ['Connect, JSON, HTTP/2', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })],
  [
    'Connect, binary, HTTP/1.1',
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true }),
  ],
  ['gRPC-Web, HTTP/1.1', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
  [
    'gRPC-Web, JSON, HTTP/2',
    (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false }),
  ],
  ['gRPC, HTTP/2', (baseUrl) => createGrpcTransport({ baseUrl })],
];

/** What a call is rejected with, as an error of ours. */
async function failureOf(call: Promise<unknown> | AsyncIterable<unknown>): Promise<RpcError> {
  const outcome = Symbol.asyncIterator in call ? Array.fromAsync(call) : call;
  return outcome.then(
    () => expect.fail('The call did not fail.'),
    (error) => fromConnectError(error),
  );
}

describe.each(TRANSPORTS)('a call by %s', (_, transport) => {
  async function clients(served: Served) {
    const { edge, url } = await openDoor(served);
    const by = transport(url);
    return { edge, agent: createClient(AgentService, by), state: createClient(StateService, by) };
  }

  it('brings the request to the handler and its response back', async () => {
    const { agent } = await clients({});
    const { message } = await agent.handle({ message: { task: 'Hello', headers: { a: '1' }, sequence: 3 } });
    expect(message).toMatchObject({ task: 'Hello', headers: { a: '1' }, sequence: 3 });
  });

  it('brings headers and peer to the handler', async () => {
    const seen = Promise.withResolvers<[string | null, string]>();
    const { agent } = await clients({
      handle: (_, { headers, peer }) => {
        seen.resolve([headers.get('traceparent'), peer]);
        return {};
      },
    });
    await agent.handle({}, { headers: { traceparent: '00-1-2-3' } });
    expect(await seen.promise).toEqual(['00-1-2-3', expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  });

  it('fails with the code, text and details that the handler threw', async () => {
    const { agent } = await clients({
      handle: () => {
        throw troupeError('OVERLOADED', 'Too much: ünd so weiter.', { agent: 'echo' });
      },
    });
    const error = await failureOf(agent.handle({}));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, message: 'Too much: ünd so weiter.' });
    expect(error.details).toHaveLength(2);
    expect(error.detail(ErrorInfoSchema)).toMatchObject({
      reason: 'OVERLOADED',
      metadata: { agent: 'echo' },
    });
  });

  it('keeps a detail of a type that nobody here knows', async () => {
    const detail = { typeUrl: 'type.googleapis.com/acme.Secret', value: new Uint8Array([8, 1]) };
    const { agent } = await clients({
      handle: () => {
        throw new RpcError(Code.ABORTED, 'No.', [{ $typeName: 'google.protobuf.Any', ...detail }]);
      },
    });
    const [kept] = (await failureOf(agent.handle({}))).details;
    expect({ typeUrl: kept?.typeUrl, value: [...(kept?.value ?? [])] }).toEqual({ ...detail, value: [8, 1] });
  });

  it('survives a text with a lone surrogate', async () => {
    const { agent } = await clients({
      handle: () => {
        throw new RpcError(Code.INTERNAL, 'a\ud800b');
      },
    });
    expect((await failureOf(agent.handle({}))).message).toBe('a\ufffdb');
  });

  it('tells the handler how much time is left, and its signal when that has run out', async () => {
    const remaining = Promise.withResolvers<number>();
    const reason = Promise.withResolvers<RpcError>();
    const { agent } = await clients({
      handle: (_, { deadline, signal }) => {
        remaining.resolve(deadline.remainingMs);
        signal.addEventListener('abort', () => reason.resolve(signal.reason));
        return new Promise(() => {});
      },
    });
    const error = await failureOf(agent.handle({}, { timeoutMs: 120 }));
    expect(error.code).toBe(Code.DEADLINE_EXCEEDED);
    expect(await remaining.promise).toBeLessThanOrEqual(120);
    expect((await reason.promise).code).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('tells the handler when the caller cancels', async () => {
    const started = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<RpcError>();
    const { agent } = await clients({
      handle: (_, { signal }) => {
        started.resolve();
        signal.addEventListener('abort', () => reason.resolve(signal.reason));
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const failure = failureOf(agent.handle({}, { signal: controller.signal }));
    await started.promise;
    controller.abort();
    expect((await failure).code).toBe(Code.CANCELLED);
    expect((await reason.promise).code).toBe(Code.CANCELLED);
  });

  it('streams: each answer arrives before the next is made, then the error', async () => {
    const next = Promise.withResolvers<void>();
    const { state } = await clients({
      async *watch() {
        yield { event: { entry: { key: 'first' } } };
        await next.promise;
        yield { event: { entry: { key: 'second' } } };
        throw troupeError('REVISION_COMPACTED', 'Too old.');
      },
    });
    const events = state.watch({})[Symbol.asyncIterator]();
    expect((await events.next()).value?.event?.entry?.key).toBe('first');
    next.resolve();
    expect((await events.next()).value?.event?.entry?.key).toBe('second');
    const error = fromConnectError(await events.next().catch((thrown) => thrown));
    expect(error).toMatchObject({ code: Code.OUT_OF_RANGE, message: 'Too old.' });
    expect(fromBinary(ErrorInfoSchema, error.details[0]!.value).reason).toBe('REVISION_COMPACTED');
  });

  it('tells a stream when its reader leaves', async () => {
    const reason = Promise.withResolvers<RpcError>();
    const ended = Promise.withResolvers<void>();
    const { state } = await clients({
      async *watch(_, { signal }) {
        signal.addEventListener('abort', () => reason.resolve(signal.reason));
        try {
          yield {};
          await reason.promise;
          yield {};
        } finally {
          ended.resolve();
        }
      },
    });
    const controller = new AbortController();
    const events = state.watch({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await events.next();
    controller.abort();
    await events.next().catch(() => {});
    expect((await reason.promise).code).toBe(Code.CANCELLED);
    await ended.promise;
  });

  it('ends an endless stream at its deadline', async () => {
    const { state } = await clients({ watch: () => Readable.never() });
    expect((await failureOf(state.watch({}, { timeoutMs: 80 }))).code).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('is ended UNAVAILABLE by the close of the door', async () => {
    const started = Promise.withResolvers<void>();
    const { edge, agent } = await clients({
      handle: () => {
        started.resolve();
        return new Promise(() => {});
      },
    });
    const failure = failureOf(agent.handle({}));
    await started.promise;
    await edge.close();
    expect((await failure).code).toBe(Code.UNAVAILABLE);
  });
});

/** A stream that heeds nothing. */
const Readable = {
  async *never(): AsyncGenerator<Record<string, never>> {
    await new Promise(() => {});
    yield {};
  },
};

describe('a link', () => {
  it('goes both ways at once over HTTP/2', async () => {
    const { url } = await openDoor();
    const agent = createClient(AgentService, createGrpcTransport({ baseUrl: url }));
    const second = Promise.withResolvers<void>();
    async function* requests() {
      yield { messages: [{ task: 'one' }] };
      await second.promise;
      yield { messages: [{ task: 'two' }] };
    }
    const answers = agent.link(requests())[Symbol.asyncIterator]();
    expect((await answers.next()).value?.messages[0]?.task).toBe('one');
    second.resolve();
    expect((await answers.next()).value?.messages[0]?.task).toBe('two');
    expect((await answers.next()).done).toBe(true);
  });
});
