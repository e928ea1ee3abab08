import { once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';
import { failureOf } from '../protocol/link/messages.ts';
import { Script } from '../protocol/link/raw-link.ts';

const forever = () => new Promise<never>(() => {});

/** An agent of which a test says what it does, with a log that can be read. */
async function served(handlers: Partial<Handlers<typeof AgentService>> = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const all = {
    describe: () => ({ card: { id: 'tested' } }),
    handle: () => ({}),
    async *link() {},
    ...handlers,
  } satisfies Handlers<typeof AgentService>;
  const server = new RpcServer({ services: [bind(AgentService, all)], log });
  const address = await server.listen('127.0.0.1:0');
  const channel = new Channel(address);
  onTestFinished(async () => {
    channel.close();
    await server.close();
  });
  return {
    server,
    address,
    lines,
    agent: createClient(AgentService, channel),
    health: createClient(Health, channel),
  };
}

describe('A server that listens', () => {
  it('fails UNAVAILABLE where its port is taken, and says what to do', async () => {
    const { address } = await served();
    const second = new RpcServer({ services: [] });
    const error = await failureOf(second.listen(address));
    expect(error.code).toBe(Code.UNAVAILABLE);
    expect(error.message).toMatch(`Cannot listen on ${address}`);
    expect(error.message).toContain('Stop what listens there, or choose another port.');
    await second.close();
  });

  it.each(['localhost', 'foo', '50051', '127.0.0.1:http', '127.0.0.1:65536', '::1:50051'])(
    'fails INVALID_ARGUMENT at %s, which is no address',
    async (address) => {
      const error = await failureOf(new RpcServer({ services: [] }).listen(address));
      expect(error.code).toBe(Code.INVALID_ARGUMENT);
      expect(error.message).toContain(`"${address}"`);
    },
  );

  it.each([
    [':0', /^127\.0\.0\.1:\d+$/],
    ['LOCALHOST:0', /^localhost:\d+$/],
    ['[::ffff:127.0.0.1]:0', /^127\.0\.0\.1:\d+$/],
  ])('at %s answers where it is reached', async (address, reached) => {
    const server = new RpcServer({ services: [] });
    onTestFinished(() => server.close());
    const bound = await server.listen(address);
    expect(bound).toMatch(reached);
    const channel = new Channel(bound);
    onTestFinished(() => channel.close());
    expect(await createClient(Health, channel).check({})).toMatchObject({ status: 1 });
  });

  it('does not speak of another program where the address is not of this machine', async () => {
    const error = await failureOf(new RpcServer({ services: [] }).listen('nobody.invalid:0'));
    expect(error.code).toBe(Code.UNAVAILABLE);
    expect(error.message).toContain('Give an address of this machine');
    expect(error.message).not.toContain('Stop what listens there');
  });

  it('frees its port when it closes', async () => {
    const { server, address } = await served();
    await server.close();
    const second = new RpcServer({ services: [] });
    expect(await second.listen(address)).toBe(address);
    await second.close();
  });
});

describe('A server that closes', () => {
  it.each<[string, Partial<Handlers<typeof AgentService>>]>([
    ['unary calls', { handle: forever }],
    ['streams', { link: () => ({ [Symbol.asyncIterator]: () => ({ next: forever }) }) }],
  ])('ends %s UNAVAILABLE, though their handlers do not heed their signal', async (calls, handlers) => {
    const { server, agent, health } = await served(handlers);
    const call = failureOf(
      calls === 'streams' ? Array.fromAsync(agent.link(new Script())) : agent.handle({}),
    );
    // Calls are served in the order in which they come.
    await health.check({});
    await server.close();
    expect(await call).toMatchObject({ code: Code.UNAVAILABLE, message: 'The server is shutting down.' });
  });
});

it('A server that closes does not wait for a peer that never closes its connection', async () => {
  const { server, address } = await served();
  const colon = address.lastIndexOf(':');
  const peer = connect({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    allowHalfOpen: true,
  });
  onTestFinished(() => void peer.destroy());
  // The preface of HTTP/2 and empty SETTINGS; the server's own are the answer.
  peer.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  peer.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  await once(peer, 'data');
  await server.close();
});

describe('A server that drains', () => {
  it('waits for what is in flight, still hands on what comes, then closes', async () => {
    const going = Promise.withResolvers<void>();
    const started = Promise.withResolvers<AbortSignal>();
    const { server, agent } = await served({
      handle: async (_, { draining }) => {
        started.resolve(draining);
        await going.promise;
        return { message: { task: 'finished' } };
      },
    });
    const call = agent.handle({});
    const draining = await started.promise;
    const drained = server.drain();
    expect(draining.aborted).toBe(true);
    expect((await agent.describe({})).card?.id).toBe('tested');
    going.resolve();
    expect((await call).message?.task).toBe('finished');
    await drained;
    expect((await failureOf(agent.describe({}))).code).toBe(Code.UNAVAILABLE);
  });

  it.each([
    ['for ever', Number.POSITIVE_INFINITY],
    ['for 30 days', 30 * 24 * 3_600_000],
  ])('waits for what is in flight where it may %s, longer than a timer of Node can', async (_, graceMs) => {
    const going = Promise.withResolvers<void>();
    const { server, agent, health } = await served({ handle: async () => (await going.promise) ?? {} });
    const call = agent.handle({});
    await health.check({});
    const drained = server.drain(graceMs);
    for (let round = 0; round < 20; round++) await agent.describe({});
    going.resolve();
    await call;
    await drained;
  });

  it('does not wait for a handler whose caller has gone', async () => {
    const started = Promise.withResolvers<void>();
    const { server, agent } = await served({
      handle: () => {
        started.resolve();
        return forever();
      },
    });
    const controller = new AbortController();
    const call = failureOf(agent.handle({}, { signal: controller.signal }));
    await started.promise;
    controller.abort();
    await call;
    await server.drain(60_000);
  });

  it('ends UNAVAILABLE what is in flight after its grace time', async () => {
    const { server, agent, health } = await served({ handle: forever });
    const call = failureOf(agent.handle({}));
    await health.check({});
    await server.drain(30);
    expect((await call).code).toBe(Code.UNAVAILABLE);
  });

  it('may be asked twice', async () => {
    const going = Promise.withResolvers<void>();
    const { server, agent, health } = await served({ handle: async () => (await going.promise) ?? {} });
    const call = agent.handle({});
    await health.check({});
    const drained = [server.drain(60_000), server.drain(60_000)];
    going.resolve();
    await call;
    await Promise.all(drained);
  });
});

describe('The log of a server', () => {
  it('has one line for each call, with its method, peer, code and time, and never a payload', async () => {
    const { server, lines, agent } = await served({
      handle: (request) => {
        if (request.message?.task === 'fail') throw new RpcError(Code.NOT_FOUND, 'Nothing there.');
        if (request.message?.task === 'break') throw new RpcError(Code.INTERNAL, 'Broken.');
        return {};
      },
    });
    const secret = { headers: { authorization: 'secret' } };
    await agent.handle({ message: { task: 'well', idempotencyKey: 'secret' } }, secret);
    await failureOf(agent.handle({ message: { task: 'fail', idempotencyKey: 'secret' } }, secret));
    await failureOf(agent.handle({ message: { task: 'break' } }));
    await Array.fromAsync(agent.link((async function* () {})()));
    await server.close();
    const calls = lines.filter(({ msg }) => msg === 'call');
    expect(calls.map(({ level, method, code, error }) => [level, method, code, error])).toEqual([
      [30, 'troupe.v1.AgentService/Handle', 'OK', undefined],
      [30, 'troupe.v1.AgentService/Handle', 'NOT_FOUND', 'Nothing there.'],
      [50, 'troupe.v1.AgentService/Handle', 'INTERNAL', 'Broken.'],
      [30, 'troupe.v1.AgentService/Link', 'OK', undefined],
    ]);
    expect(calls.every(({ peer, ms }) => /^127\.0\.0\.1:\d+$/.test(`${peer}`) && Number(ms) >= 0)).toBe(true);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('tells of probes only where somebody looks closely', async () => {
    const { lines, health } = await served();
    await health.check({});
    await failureOf(health.check({ service: 'unknown' }));
    expect(lines.map(({ level, method, code }) => [level, method, code])).toEqual([
      [20, 'grpc.health.v1.Health/Check', 'OK'],
      [30, 'grpc.health.v1.Health/Check', 'NOT_FOUND'],
    ]);
  });

  it('tells of a failure at most 512 bytes, whatever its text repeats of the request', async () => {
    const { lines, health } = await served();
    await failureOf(health.check({ service: 'x'.repeat(1_000_000) }));
    expect(`${lines[0]?.error}`).toHaveLength(512 - 2);
    expect(lines[0]?.error).toMatch(/^No service is called "x+…$/);
  });

  it('tells a call whose time ran out from one whose caller went away', async () => {
    const { server, lines, agent } = await served({ handle: forever });
    await failureOf(agent.handle({}, { deadline: Deadline.after(40) }));
    await failureOf(agent.handle({}, { signal: AbortSignal.timeout(40) }));
    await server.drain();
    expect(lines.map(({ code }) => code)).toEqual(['DEADLINE_EXCEEDED', 'CANCELLED']);
  });
});
