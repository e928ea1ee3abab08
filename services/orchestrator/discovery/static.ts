import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import { formatAddress, parseAddress } from '../../rpc/address.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Discovery } from './discovery.ts';

/**
 * Finds the addresses, `host:port`, that stand in the configuration: all at once, and they are never gone.
 * One that cannot be dialled is INVALID_ARGUMENT.
 */
export function staticDiscovery(addresses: Iterable<string>): Discovery {
  const found = new Set(Array.from(addresses, readAddress));
  return {
    start(sink) {
      for (const address of found) sink.found(address, DiscoverySource.STATIC);
    },
    close() {},
  };
}

function readAddress(text: string): string {
  const address = parseAddress(text);
  if (!('violation' in address)) return formatAddress(address);
  throw new RpcError(Code.INVALID_ARGUMENT, `A static address cannot be dialled: ${address.violation}.`);
}
