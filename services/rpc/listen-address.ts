import { type Address, parseAddress } from './address.ts';
import { Code } from './code.ts';
import { RpcError } from './rpc-error.ts';

/**
 * Reads where a server is to listen: `host:port`, or `:port` for 127.0.0.1; port 0 is any free one. INVALID_ARGUMENT where
 * the text is no address.
 */
export function listenAddress(text: string): Address {
  const address = parseAddress(text, { minPort: 0, defaultHost: '127.0.0.1' });
  if ('violation' in address) {
    throw new RpcError(Code.INVALID_ARGUMENT, `Cannot listen: ${address.violation}.`);
  }
  return address;
}

/** Why nothing listens at `address`, and what to do: UNAVAILABLE. */
export function cannotListen(address: string, cause: Error): RpcError {
  const next = cause.message.includes('EADDRINUSE')
    ? 'Stop what listens there, or choose another port.'
    : 'Give an address of this machine, and a port that this user may listen at.';
  return new RpcError(Code.UNAVAILABLE, `Cannot listen on ${address}: ${cause.message}. ${next}`, [], {
    cause,
  });
}
