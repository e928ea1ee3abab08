import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { neverSent } from '../../services/rpc/never-sent.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';
import { failureOf } from '../protocol/link/messages.ts';
import { silentServer, vacantAddress } from './listeners.ts';

/** What grpc-js says itself of a call that found no connection. */
const NO_CONNECTION = 'No connection established. Last error: null.';

function clientOf(address: string, connectTimeoutMs = 2000) {
  const channel = new Channel(address, { connectTimeoutMs });
  onTestFinished(() => channel.close());
  return createClient(AgentService, channel);
}

/** A server whose every call fails so. */
async function failing(error: RpcError) {
  const fail = () => {
    throw error;
  };
  const server = new RpcServer({
    services: [bind(AgentService, { describe: fail, handle: fail, link: fail })],
  });
  onTestFinished(() => server.close());
  return clientOf(await server.listen('127.0.0.1:0'));
}

describe('Of a call nothing was sent', () => {
  it('when nobody listens, be it unary or a stream', async () => {
    const client = clientOf(await vacantAddress());
    for (const call of [client.describe({}), Array.fromAsync(client.link((async function* () {})()))]) {
      const error = await failureOf(call);
      expect([error.code, neverSent(error)]).toEqual([Code.UNAVAILABLE, true]);
    }
  });

  it('when it waited for a connection that never came about', async () => {
    const error = await failureOf(clientOf((await silentServer()).address, 50).describe({}));
    expect([error.code, neverSent(error)]).toEqual([Code.UNAVAILABLE, true]);
  });
});

describe('Of a call something may have been sent', () => {
  it('when a server says of another what grpc-js says of this one', async () => {
    const client = await failing(new RpcError(Code.UNAVAILABLE, NO_CONNECTION));
    const error = await failureOf(client.describe({}));
    expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: NO_CONNECTION });
    expect(neverSent(error)).toBe(false);
  });

  it('when the server goes away in the middle of it', async () => {
    const started = Promise.withResolvers<void>();
    const describe = () => {
      started.resolve();
      return new Promise<never>(() => {});
    };
    const handlers = { describe, handle: () => ({}), link: async function* () {} };
    const server = new RpcServer({ services: [bind(AgentService, handlers)] });
    const error = failureOf(clientOf(await server.listen('127.0.0.1:0')).describe({}));
    await started.promise;
    await server.close();
    expect(neverSent(await error)).toBe(false);
  });
});
