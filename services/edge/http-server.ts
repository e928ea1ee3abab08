import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { formatAddress } from '../rpc/address.ts';
import { boundConnections, boundHandshake } from '../rpc/guard-connections.ts';
import { guardStreams } from '../rpc/guard-streams.ts';
import { http2Options, type Limits } from '../rpc/limits.ts';
import { cannotListen, listenAddress } from '../rpc/listen-address.ts';
import type { Logger } from '../rpc/log.ts';

/** A request of either version. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
/** Its response: of what the two versions have, the part that is the same. */
export type HttpResponse = ServerResponse & Http2ServerResponse;
/** Answers a request. */
export type HttpListener = (request: HttpRequest, response: HttpResponse) => void;

/**
 * How every connection that speaks HTTP/2 begins; no method of HTTP/1.1 does. Source: RFC 9113, section
 * 3.4.
 */
const PREFACE = 'PRI * HTTP/2.0';

/** How often connections of HTTP/1.1 are held against their time limits, in milliseconds. */
const CHECK_MS = 2000;

/** How a server of HTTP is made. */
export interface HttpServerOptions {
  /** What it grants its peers at most. */
  limits: Limits;
  /** The paths of what goes both ways, for as long as both like. */
  links: ReadonlySet<string>;
  log: Logger;
}

/** HTTP/1.1 and HTTP/2 on one port, without TLS: how a connection begins tells which it speaks. */
export class HttpServer {
  readonly #http1;
  readonly #http2;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(listener: HttpListener, { limits, links, log }: HttpServerOptions) {
    const http1 = {
      headersTimeout: Math.min(limits.handshakeMs, limits.requestMs),
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, limits.handshakeMs),
      maxHeaderSize: limits.headerBytes,
      // HTTP/1.1 has no ping: TCP finds out whether a peer lives.
      keepAlive: true,
      keepAliveInitialDelay: limits.keepaliveMs,
    };
    this.#http1 = createHttp1Server(http1, listener as never);
    this.#http2 = createHttp2Server(http2Options(limits), listener as never);
    boundConnections(this.#http1, limits, log);
    boundHandshake(this.#http2, limits);
    guardStreams(this.#http2, limits, { links, tooLate });
    this.#http2.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
    });
    // The HTTP/1.1 server does the listening, and takes a connection for its own only when it is.
    const [serveHttp1] = this.#http1.listeners('connection') as [(socket: Socket) => void];
    this.#http1.removeAllListeners('connection');
    this.#http1.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      whenItSpeaks(socket, limits, (http2) => {
        if (http2) this.#http2.emit('connection', socket);
        else serveHttp1.call(this.#http1, socket);
      });
    });
  }

  /** Begins to listen at `address`, as an RpcServer does, and answers it with the real port. */
  listen(address: string): Promise<string> {
    const { host, port } = listenAddress(address);
    return new Promise((resolve, reject) => {
      this.#http1.once('error', (cause) => reject(cannotListen(formatAddress({ host, port }), cause)));
      this.#http1.listen({ host, port }, () => {
        const bound = this.#http1.address();
        resolve(formatAddress({ host, port: typeof bound === 'object' && bound ? bound.port : port }));
      });
    });
  }

  /**
   * Takes no new connection, lets the answers that are being written finish, and cuts off what remains
   * after `graceMs`.
   */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http1.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(cut);
  }
}

/** Says that a request took too long to come, where no answer has begun. */
function tooLate(stream: ServerHttp2Stream): void {
  if (!stream.headersSent && !stream.destroyed) stream.respond({ ':status': 408 }, { endStream: true });
}

/**
 * Waits for the first bytes of a connection, which are left in it, and tells whether they are those of
 * HTTP/2.
 */
function whenItSpeaks(socket: Socket, { handshakeMs }: Limits, then: (http2: boolean) => void): void {
  const giveUp = () => socket.destroy();
  const timer = setTimeout(giveUp, handshakeMs);
  let begins = Buffer.alloc(0);
  const look = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk !== null) begins = Buffer.concat([begins, chunk]);
    const said = begins.toString('latin1', 0, PREFACE.length);
    if (said.length < PREFACE.length && PREFACE.startsWith(said)) return;
    settle();
    socket.unshift(begins);
    then(said === PREFACE);
  };
  const settle = () => {
    clearTimeout(timer);
    socket.off('readable', look).off('end', giveUp).off('error', giveUp).off('close', settle);
  };
  socket.on('readable', look).on('end', giveUp).on('error', giveUp).on('close', settle);
}
