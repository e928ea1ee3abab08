import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:net';
import type { Limits } from './limits.ts';
import type { Logger } from './log.ts';

/** How often a server may say that it is full, in milliseconds. */
const SAY_AGAIN_MS = 60_000;

/** Bounds how many connections a server has: further ones are closed as they come, which is logged once a minute. */
export function boundConnections(server: Server, { connections }: Limits, log: Logger): void {
  server.maxConnections = connections;
  let saidAt = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    if (performance.now() - saidAt < SAY_AGAIN_MS) return;
    saidAt = performance.now();
    log.warn({ connections }, 'there are as many connections as there may be: further ones are closed');
  });
}

/** Ends the connections that have not begun as HTTP/2 does, with SETTINGS, within the limit. */
export function boundHandshake(server: Http2Server, { handshakeMs }: Limits): void {
  server.on('session', (session: ServerHttp2Session) => {
    const giveUp = setTimeout(() => session.destroy(), handshakeMs).unref();
    session.once('remoteSettings', () => clearTimeout(giveUp));
    session.once('close', () => clearTimeout(giveUp));
  });
}
