import { capGrpcTimeout, LONGEST_TIMEOUT_MS } from '../rpc/timeout.ts';

/** Cuts the timeouts in the headers of a request, Connect's and gRPC's, to the longest that can be heeded. */
export function capTimeouts(headers: Headers): void {
  if (Number(headers.get('connect-timeout-ms')) > LONGEST_TIMEOUT_MS)
    headers.set('connect-timeout-ms', String(LONGEST_TIMEOUT_MS));
  const timeout = headers.get('grpc-timeout');
  if (timeout !== null) headers.set('grpc-timeout', capGrpcTimeout(timeout));
}
