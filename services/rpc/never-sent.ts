import { type ServiceError, status } from '@grpc/grpc-js';
import type { RpcError } from './rpc-error.ts';

/**
 * How grpc-js begins its text where a call got no HTTP/2 stream, or the server refused the one that it got
 * (REFUSED_STREAM: not looked at, by RFC 9113). grpc-js knows these cases by a field that it takes off before it tells
 * us, so its text is all that there is; anything that reads otherwise may have been sent.
 */
const BEGINNINGS = [
  'No connection established',
  'Stream refused by server',
  'Channel closed before call started',
  'Name resolution failed',
];

/** The errors of calls of which nothing was sent. */
const errors = new WeakSet<RpcError>();

/** Notes an error that says, as it comes from grpc-js, that nothing of the call was sent. */
export function noteNeverSent(error: RpcError, { code, details, metadata }: Partial<ServiceError>): void {
  if (code !== status.UNAVAILABLE || !BEGINNINGS.some((beginning) => details?.startsWith(beginning))) return;
  // A server may say the same of a server behind it, but not without headers or trailers of its own.
  if (Object.keys(metadata?.getMap() ?? {}).length === 0) errors.add(error);
}

/** Whether a call failed before anything of it was sent: no work was done. */
export function neverSent(error: RpcError): boolean {
  return errors.has(error);
}
