import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { parseAddress } from '../../rpc/address.ts';
import { Channel } from '../../rpc/channel.ts';
import { createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { ServingStatus } from '../../rpc/health.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { dialable } from '../mesh/dialable.ts';

/**
 * Asks the server at `address` for its health as a whole, by `grpc.health.v1`. An address to listen on will do: where
 * it stands for every interface, this machine is asked.
 *
 * Fails UNAVAILABLE where the server does not serve or is not there, DEADLINE_EXCEEDED after `timeoutMs` (default
 * 3,000) without an answer, INVALID_ARGUMENT for what is no address.
 */
export async function probe(address: string, timeoutMs = 3000): Promise<void> {
  const channel = new Channel(toDial(address));
  try {
    const { status } = await createClient(Health, channel).check({}, { deadline: Deadline.after(timeoutMs) });
    if (status === ServingStatus.SERVING) return;
    throw new RpcError(Code.UNAVAILABLE, `The server at ${address} says ${ServingStatus[status] ?? status}.`);
  } finally {
    channel.close();
  }
}

function toDial(text: string): string {
  const address = parseAddress(text, { defaultHost: '127.0.0.1' });
  if ('violation' in address) throw new RpcError(Code.INVALID_ARGUMENT, address.violation);
  return dialable(address);
}
