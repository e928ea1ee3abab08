import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { AgentService } from '../../../../gen/troupe/v1/agent_service_pb.js';
import type { Role } from '../../../processes/role.ts';
import { answerTo } from '../../load/payload.ts';
import { payloadOf, resultOf } from '../direct/message.ts';

/** An agent that serves Handle by connect-node, over HTTP/2. */
export async function start(): Promise<Role> {
  const adapter = connectNodeAdapter({
    routes: (router) =>
      router.service(AgentService, {
        handle: ({ message }) => {
          if (!message) throw new Error('The request holds no message.');
          return { message: resultOf(message, answerTo(payloadOf(message))) };
        },
      }),
  });
  const server = createServer(adapter).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { ready: { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } };
}
