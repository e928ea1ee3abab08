import type { ServerOptions as Http2Options } from 'node:http2';

/** What a server grants its peers at most. Every bound is there for peers that are hostile or broken. */
export interface Limits {
  /**
   * How large a message may be that carries payloads, decompressed, in bytes. Default: 4 MiB, as in every gRPC
   * library.
   */
  messageBytes: number;
  /**
   * How large a message may be that carries none, in bytes. Default: 1 MiB. What is made of 4 MiB of empty repeated
   * fields takes 248 MB, and 0.8 s during which nothing else is done.
   */
  controlMessageBytes: number;
  /** How many connections there may be; further ones are closed as they come. Default: 1,000. */
  connections: number;
  /**
   * How many streams one connection may have open; more wait at the client. Default: 2,000. Node counts a stream until
   * it has been cleaned up: a caller who cancels 1,000 and begins as many anew still finds room.
   */
  streams: number;
  /** How many streams there may be on all connections; further ones are refused. Default: 20,000. */
  streamsInAll: number;
  /**
   * How many streams that go both ways one connection may have; further ones are refused. Default: 16: a member has one
   * link, and whoever looks around a stream of reflection.
   */
  linksPerConnection: number;
  /**
   * How many calls may wait for the rest of their request; further ones are refused. Default: 4,000: two connections
   * that begin with all the calls that they may have, each with a request of some size.
   */
  waitingRequests: number;
  /**
   * How long a request may take to arrive whole, in milliseconds. Streams that go both ways may take for ever.
   * Default: 30,000.
   */
  requestMs: number;
  /** How long a connection may take to begin as HTTP/2 does, in milliseconds. Default: 10,000. */
  handshakeMs: number;
  /** How long a connection may be silent until the peer is asked whether it lives, in milliseconds. Default: 60,000. */
  keepaliveMs: number;
  /** How long it may take to answer that, in milliseconds. Default: 20,000, as in every gRPC library. */
  keepaliveTimeoutMs: number;
  /**
   * How many bytes of header fields a request may have, names and values and 32 for each. Default: 16 KiB, as in
   * C-core.
   */
  headerBytes: number;
  /** How many header fields a request may have. Default: 128, as in Node. */
  headerPairs: number;
  /**
   * How many streams a connection may reset at once. Default: 10,000; Node's 1,000 is what one caller resets who
   * cancels all that it has open.
   */
  resetBurst: number;
  /**
   * How many of those it gets back per second. Default: 1,000; Node's 33 cuts off whoever cancels a few calls now and
   * then.
   */
  resetsPerSecond: number;
  /**
   * How many streams of a connection may be refused, over all its life, because it has as many as it may. Default:
   * 1,000,000, as they are refused in native code and cost little. After Node's 100, a caller
   * who cancelled all that it had open and began anew would lose its connection, and all else on it.
   */
  rejectedStreams: number;
  /** How many settings one SETTINGS frame may have. Default: 32, as in Node. */
  settings: number;
  /** What a connection may hold of what nghttp2 keeps for it, in MB. Default: 64; with more it gets no new streams. */
  sessionMemoryMb: number;
}

const DEFAULTS: Limits = {
  messageBytes: 4 * 2 ** 20,
  controlMessageBytes: 2 ** 20,
  connections: 1000,
  streams: 2000,
  streamsInAll: 20_000,
  linksPerConnection: 16,
  waitingRequests: 4000,
  requestMs: 30_000,
  handshakeMs: 10_000,
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  headerBytes: 16 * 2 ** 10,
  headerPairs: 128,
  resetBurst: 10_000,
  resetsPerSecond: 1000,
  rejectedStreams: 1_000_000,
  settings: 32,
  sessionMemoryMb: 64,
};

/** The limits, with what is not said at its default. */
export function withDefaultLimits(limits: Partial<Limits> = {}): Limits {
  return { ...DEFAULTS, ...limits };
}

/** What of the limits Node's HTTP/2 sees to. */
export function http2Options(limits: Limits): Http2Options {
  return {
    settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headerBytes },
    maxHeaderListPairs: limits.headerPairs,
    maxSettings: limits.settings,
    maxSessionRejectedStreams: limits.rejectedStreams,
    maxSessionMemory: limits.sessionMemoryMb,
    streamResetBurst: limits.resetBurst,
    streamResetRate: limits.resetsPerSecond,
  };
}
