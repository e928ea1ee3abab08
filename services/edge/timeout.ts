import { capGrpcTimeout, LONGEST_TIMEOUT_MS } from '../rpc/timeout.ts';

/** What Connect takes for a timeout, in milliseconds. */
const CONNECT_TIMEOUT = /^\d{1,10}$/;

/** What gRPC does, with its unit. */
const GRPC_TIMEOUT = /^\d{1,8}[HMSmun]$/;

/**
 * Cuts the timeouts in the headers of a request, Connect's and gRPC's, to the longest that can be heeded. What is no
 * timeout stays as it is, and is refused as that.
 */
export function capTimeouts(headers: Headers): void {
  const ms = headers.get('connect-timeout-ms');
  if (ms !== null && CONNECT_TIMEOUT.test(ms) && Number(ms) > LONGEST_TIMEOUT_MS)
    headers.set('connect-timeout-ms', String(LONGEST_TIMEOUT_MS));
  const timeout = headers.get('grpc-timeout');
  if (timeout !== null && GRPC_TIMEOUT.test(timeout)) headers.set('grpc-timeout', capGrpcTimeout(timeout));
}
