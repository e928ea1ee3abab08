import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import type { Limits } from '../../services/rpc/limits.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';
import { callHeaders, Flag, frame, grpcMessage, Kind } from '../chaos/peers/frames.ts';
import { RawPeer, type SeenFrame } from '../chaos/peers/raw-peer.ts';
import { failureOf } from '../protocol/link/messages.ts';

const REFUSED_STREAM = 7;
const ENHANCE_YOUR_CALM = 11;
const HANDLE = '/troupe.v1.AgentService/Handle';
const LINK = '/troupe.v1.AgentService/Link';

/** An agent that answers its own messages, within limits, with a log that can be read. */
async function served(limits: Partial<Limits> = {}) {
  const lines: { msg: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const agent = bind(AgentService, {
    describe: () => ({ card: { id: 'tested' } }),
    handle: ({ message }) => (message ? { message } : {}),
    async *link(requests) {
      for await (const { messages } of requests) yield { messages };
    },
  });
  const server = new RpcServer({ services: [agent], limits, log });
  const address = await server.listen('127.0.0.1:0');
  onTestFinished(() => server.close());
  return { address, lines };
}

function clientOf(address: string) {
  const channel = new Channel(address);
  onTestFinished(() => channel.close());
  return { agent: createClient(AgentService, channel), health: createClient(Health, channel) };
}

/** A raw peer, with the frames that the server sends it. */
async function raw(address: string) {
  const frames: SeenFrame[] = [];
  const waiting = new Set<() => void>();
  const peer = await RawPeer.open(address, {
    onFrame(seen) {
      frames.push(seen);
      for (const look of [...waiting]) look();
    },
  });
  onTestFinished(() => peer.close());
  /** Settles with the first frame of a kind on a stream. */
  const seen = (kind: number, stream: number) =>
    new Promise<SeenFrame>((resolve) => {
      const look = () => {
        const found = frames.find((one) => one.kind === kind && one.stream === stream);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const begin = (stream: number, path: string) =>
    peer.write(frame(Kind.HEADERS, Flag.END_HEADERS, stream, callHeaders(path)));
  const finish = (stream: number, bytes: Uint8Array = new Uint8Array()) =>
    peer.write(frame(Kind.DATA, Flag.END_STREAM, stream, grpcMessage(bytes)));
  return {
    peer,
    seen,
    begin,
    finish,
    resetOf: async (n: number) => (await seen(Kind.RST_STREAM, n)).payload.readUInt32BE(),
  };
}

describe('connections', () => {
  it('beyond the limit are closed as they come, and that is said once', async () => {
    const { address, lines } = await served({ connections: 2 });
    const kept = [await raw(address), await raw(address)];
    for (const { seen } of kept) await seen(Kind.SETTINGS, 0);
    for (let i = 0; i < 3; i++) await (await raw(address)).peer.closed;
    expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('further ones are closed')]);
    await kept[0]!.begin(1, HANDLE);
    await kept[0]!.finish(1);
    await kept[0]!.seen(Kind.DATA, 1);
  });

  it.each([
    ['say nothing', ''],
    ['begin and do not go on', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['speak of something else', 'GET / HTTP/1.1\r\n\r\n'],
  ])('that %s are closed', async (_, said) => {
    const { address } = await served({ handshakeMs: 50 });
    const peer = await RawPeer.open(address, { speaksHttp2: false });
    await peer.write(Buffer.from(said));
    await peer.closed;
  });

  it('that began as they should stay, however long they are idle', async () => {
    const { address } = await served({ handshakeMs: 50 });
    const idle = await raw(address);
    const silent = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) }).resume();
    await new Promise((resolve) => silent.on('close', resolve));
    await idle.begin(1, HANDLE);
    await idle.finish(1);
    await idle.seen(Kind.DATA, 1);
  });
});

describe('streams', () => {
  it('that go both ways are bounded for each connection, and make room when they end', async () => {
    const { address } = await served({ linksPerConnection: 2 });
    const { begin, finish, seen, resetOf } = await raw(address);
    for (const stream of [1, 3, 5]) await begin(stream, LINK);
    expect(await resetOf(5)).toBe(REFUSED_STREAM);
    await finish(1);
    await seen(Kind.DATA, 1);
    await begin(7, LINK);
    await finish(7);
    await seen(Kind.DATA, 7);
    await (await raw(address)).begin(1, LINK);
  });

  it('that go both ways cannot be asked for without end: the connection ends', async () => {
    const { address } = await served({ linksPerConnection: 1 });
    const { begin, peer } = await raw(address);
    for (let stream = 1; stream < 300; stream += 2) await begin(stream, LINK);
    await peer.closed;
    await clientOf(address).agent.describe({});
  });

  it('whose request does not come are bounded over all connections, and make room when it does', async () => {
    const { address } = await served({ waitingRequests: 2 });
    const [one, other] = [await raw(address), await raw(address)];
    await one.begin(1, HANDLE);
    await one.begin(3, HANDLE);
    // Answered in turn, so that the two before are there.
    await one.begin(5, '/no.such.Service/Method');
    expect(await one.resetOf(5)).toBe(REFUSED_STREAM);
    await other.begin(1, HANDLE);
    expect(await other.resetOf(1)).toBe(REFUSED_STREAM);
    await one.finish(1);
    await one.seen(Kind.DATA, 1);
    await other.begin(3, HANDLE);
    await other.finish(3);
    await other.seen(Kind.DATA, 3);
  });

  it('leave room for a burst of calls whose requests take a while', async () => {
    const { address } = await served();
    const { agent } = clientOf(address);
    const task = 'x'.repeat(20_000);
    const answers = await Promise.all(
      Array.from({ length: 1200 }, () => agent.handle({ message: { task } })),
    );
    expect(answers.every(({ message }) => message?.task.length === task.length)).toBe(true);
  });

  it('are bounded over all connections, whatever they do', async () => {
    const { address } = await served({ streamsInAll: 2 });
    const [one, other] = [await raw(address), await raw(address)];
    await one.begin(1, LINK);
    await one.begin(3, HANDLE);
    await one.begin(5, LINK);
    expect(await one.resetOf(5)).toBe(REFUSED_STREAM);
    await other.begin(1, LINK);
    expect(await other.resetOf(1)).toBe(REFUSED_STREAM);
  });

  it('whose request does not come in time are told so, and reset', async () => {
    const { address } = await served({ requestMs: 50 });
    const { begin, seen, resetOf } = await raw(address);
    await begin(1, HANDLE);
    expect((await seen(Kind.HEADERS, 1)).flags & Flag.END_STREAM).toBe(Flag.END_STREAM);
    expect(await resetOf(1)).toBe(ENHANCE_YOUR_CALM);
  });

  it('may be reset in bulk by a caller who cancels what it has open, and its connection stands', async () => {
    const { address } = await served();
    const { agent, health } = clientOf(address);
    await agent.describe({});
    for (let round = 0; round < 2; round++) {
      const stop = new AbortController();
      const calls = Array.from({ length: 900 }, () => failureOf(watchOnce(health, stop.signal)));
      // Calls are served in the order in which they come.
      await health.check({});
      stop.abort();
      for (const { message } of await Promise.all(calls)) expect(message).toBe('This operation was aborted');
    }
    expect((await agent.describe({})).card?.id).toBe('tested');
  });

  it('that fail with their connection before they are looked at harm nobody else', async () => {
    const { address } = await served();
    for (const stream of [0, 2, 7]) {
      const peer = await RawPeer.open(address);
      const headers = frame(Kind.HEADERS, Flag.END_HEADERS, 1, callHeaders(HANDLE));
      await peer.write(
        Buffer.concat([headers, frame(Kind.DATA, Flag.NONE, stream), frame(Kind.HEADERS, 0, 0)]),
      );
      await peer.closed;
    }
    expect((await clientOf(address).agent.describe({})).card?.id).toBe('tested');
  });

  it('cannot be reset beyond that: the connection ends', async () => {
    const { address } = await served({ resetBurst: 10, resetsPerSecond: 1 });
    const { begin, peer, seen } = await raw(address);
    for (let stream = 1; stream < 40; stream += 2) {
      await begin(stream, HANDLE);
      await peer.write(frame(Kind.RST_STREAM, Flag.NONE, stream, Buffer.from([0, 0, 0, 8])));
    }
    await seen(Kind.GOAWAY, 0);
    await peer.closed;
  });
});

async function watchOnce(health: ReturnType<typeof clientOf>['health'], signal: AbortSignal) {
  for await (const _ of health.watch({}, { signal }));
}
