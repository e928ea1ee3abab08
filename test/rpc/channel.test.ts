import { describe, expect, it, onTestFinished } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Channel, type ConnectOptions } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { RpcServer } from '../../services/rpc/server.ts';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { failureOf } from '../protocol/link/messages.ts';
import { silentServer, vacantAddress } from './listeners.ts';

const soon = () => Deadline.after(15_000);

async function served(listen = '127.0.0.1:0') {
  const server = new RpcServer({ services: [] });
  const address = await server.listen(listen);
  onTestFinished(() => server.close());
  return { server, address };
}

function opened(address: string, options?: ConnectOptions) {
  const channel = new Channel(address, options);
  onTestFinished(() => channel.close());
  return channel;
}

describe('A channel', () => {
  it('connects when it is asked to, and not before', async () => {
    const { address } = await served();
    const channel = opened(address);
    expect(channel.connected).toBe(false);
    await Promise.all([channel.ready(soon()), channel.ready(soon())]);
    expect(channel.connected).toBe(true);
    await channel.ready(Deadline.after(0));
  });

  it('says UNAVAILABLE and where, when nobody listens there, and connects once somebody does', async () => {
    const address = await vacantAddress();
    const channel = opened(address);
    const error = await failureOf(channel.ready(soon()));
    expect(error.code).toBe(Code.UNAVAILABLE);
    expect(error.message).toBe(`Nobody answers at ${address}. Does it run, and does it listen there?`);
    await served(address);
    while (!channel.connected) await channel.ready(soon()).catch(() => {});
  });

  it('begins anew when the peer takes the connection and says nothing', async () => {
    const silent = await silentServer();
    const channel = opened(silent.address, { connectTimeoutMs: 50 });
    const call = createClient(AgentService, channel).describe({});
    expect((await failureOf(channel.ready(soon()))).code).toBe(Code.UNAVAILABLE);
    expect((await failureOf(call)).code).toBe(Code.UNAVAILABLE);
    const again = failureOf(channel.ready(soon()));
    await silent.connections(2);
    await silent.close();
    await served(silent.address);
    await again;
    while (!channel.connected) await channel.ready(soon()).catch(() => {});
  });

  it('waits no longer than its caller: to a deadline, or a signal', async () => {
    const channel = opened((await silentServer()).address);
    expect((await failureOf(channel.ready(Deadline.after(30)))).code).toBe(Code.DEADLINE_EXCEEDED);
    const controller = new AbortController();
    const waiting = failureOf(channel.ready(soon(), controller.signal));
    controller.abort(new RpcError(Code.ABORTED, 'Enough.'));
    expect(await waiting).toMatchObject({ code: Code.ABORTED, message: 'Enough.' });
    expect((await failureOf(channel.ready(soon(), controller.signal))).code).toBe(Code.ABORTED);
  });

  it('tells each time that its connection breaks, until nobody wants to hear it', async () => {
    const { server, address } = await served();
    const channel = opened(address);
    let broken = 0;
    const told = Promise.withResolvers<void>();
    const forget = channel.onDisconnected(() => {
      broken++;
      told.resolve();
    });
    await channel.ready(soon());
    expect(broken).toBe(0);
    await server.close();
    await told.promise;
    const second = await served(address);
    while (!channel.connected) await channel.ready(soon()).catch(() => {});
    forget();
    const after = new Promise<void>((resolve) => channel.onDisconnected(resolve));
    await second.server.close();
    await after;
    expect(broken).toBe(1);
  });

  it('breaks when the other end says nothing any more, not even to a PING', async () => {
    const { address } = await served();
    const proxy = await TcpProxy.start(address);
    onTestFinished(() => proxy.close());
    const channel = opened(proxy.address, { keepaliveMs: 100, keepaliveTimeoutMs: 100 });
    const watch = createClient(Health, channel).watch({}, {})[Symbol.asyncIterator]();
    await watch.next();
    proxy.treat({ hold: 'from-dialled' });
    expect((await failureOf(watch.next())).code).toBe(Code.UNAVAILABLE);
  });
});

describe('A channel that is closed', () => {
  it('lets a call in flight end, and takes no more', async () => {
    const { server, address } = await served();
    const channel = opened(address);
    const health = createClient(Health, channel);
    const updates = health.watch({})[Symbol.asyncIterator]();
    await updates.next();
    channel.close();
    channel.close();
    const error = await failureOf(health.check({}));
    expect(error).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining('closed at this end'),
    });
    expect((await failureOf(Array.fromAsync(health.watch({})))).code).toBe(Code.UNAVAILABLE);
    const next = updates.next();
    await server.drain();
    expect((await next).value?.status).toBe(2);
    expect(channel.connected).toBe(false);
  });

  it('fails whoever waits for it, and whoever comes later', async () => {
    const channel = opened((await silentServer()).address);
    const waiting = failureOf(channel.ready(soon()));
    channel.close();
    expect((await waiting).message).toContain('closed at this end');
    expect((await failureOf(channel.ready(soon()))).message).toContain('closed at this end');
  });
});

it('A header that cannot be sent is INVALID_ARGUMENT, whatever the shape of the call', async () => {
  const { address } = await served();
  const agent = createClient(AgentService, opened(address));
  const options = { headers: { 'no header': 'x' } };
  expect((await failureOf(agent.describe({}, options))).code).toBe(Code.INVALID_ARGUMENT);
  const none = (async function* () {})();
  expect((await failureOf(Array.fromAsync(agent.link(none, options)))).code).toBe(Code.INVALID_ARGUMENT);
});
