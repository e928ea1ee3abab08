import type { Http2Server } from 'node:http2';
import { Server } from '@grpc/grpc-js';
import { Code } from './code.ts';
import { SERVER_WINDOW } from './flow-control.ts';
import { boundConnections, boundHandshake } from './guard-connections.ts';
import { guardStreams, type StreamRules } from './guard-streams.ts';
import { http2Options, type Limits } from './limits.ts';
import type { Logger } from './log.ts';
import { capGrpcTimeout } from './timeout.ts';

/** The part of grpc-js's server that its options do not reach, as it is in 1.14. */
interface Inside {
  commonServerOptions: object;
  createHttp2Server(credentials: unknown): Http2Server;
}

/**
 * grpc-js's server, within limits.
 *
 * @param links The paths of the methods that go both ways.
 */
export function createGrpcServer(limits: Limits, links: ReadonlySet<string>, log: Logger): Server {
  const server = new Server({
    'grpc.max_receive_message_length': limits.messageBytes,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    // Nobody looks at grpc-js's own statistics, which it keeps for every message.
    'grpc.enable_channelz': 0,
  });
  const inside = server as unknown as Inside;
  // Loudly, as without its limits a server works as well as with them until somebody means it harm.
  if (!inside.commonServerOptions || !inside.createHttp2Server) {
    throw new Error('This grpc-js has another way to make its HTTP/2 server. Its limits must be set anew.');
  }
  const options = http2Options(limits);
  const settings = { ...options.settings, initialWindowSize: SERVER_WINDOW };
  Object.assign(inside.commonServerOptions, { ...options, settings });
  const create = inside.createHttp2Server.bind(server);
  inside.createHttp2Server = (credentials) => {
    const http2 = create(credentials);
    boundConnections(http2, limits, log);
    boundHandshake(http2, limits);
    http2.on('session', (session) => session.setLocalWindowSize(SERVER_WINDOW));
    guardStreams(http2, limits, rulesFor(limits, links));
    return http2;
  };
  return server;
}

function rulesFor({ requestMs }: Limits, links: ReadonlySet<string>): StreamRules {
  const late = `The request did not arrive whole within ${requestMs} ms. Send all of it, and end it.`;
  return {
    links,
    tooLate(stream) {
      if (stream.headersSent || stream.destroyed) return;
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc+proto',
          'grpc-status': Code.DEADLINE_EXCEEDED,
          'grpc-message': late,
        },
        { endStream: true },
      );
    },
    mend(headers) {
      const timeout = headers['grpc-timeout'];
      if (typeof timeout === 'string') headers['grpc-timeout'] = capGrpcTimeout(timeout);
    },
  };
}
