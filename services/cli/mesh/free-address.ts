import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Address, formatAddress } from '../../rpc/address.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/**
 * The address with a port that is free now, where it asks for any (0); else itself, once that was found free.
 * FAILED_PRECONDITION where something listens there already, or nothing can.
 */
export async function freeAddress({ host, port }: Address): Promise<Address> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    const bound = server.address();
    return { host, port: typeof bound === 'object' && bound ? bound.port : port };
  } catch (cause) {
    throw taken(formatAddress({ host, port }), cause as NodeJS.ErrnoException);
  } finally {
    server.close();
  }
}

function taken(address: string, cause: NodeJS.ErrnoException): RpcError {
  const text =
    cause.code === 'EADDRINUSE'
      ? `Something listens at ${address} already, perhaps a mesh. Ask it ("troupe agents -O ${address}"), or take another port: --listen.`
      : `Nothing can listen at ${address}: ${cause.message}. Give an address of this machine: --listen.`;
  return new RpcError(Code.FAILED_PRECONDITION, text, [], { cause });
}
