import { status } from '@grpc/grpc-js';

/**
 * The gRPC status codes by name: `Code.NOT_FOUND` is 5.
 * Source: https://grpc.io/docs/guides/status-codes/
 */
export const Code = status;
export type Code = status;

/** The name of a status code; `UNKNOWN` for a number that is none, as the gRPC specification asks. */
export function codeName(code: number): string {
  return Code[code] ?? 'UNKNOWN';
}
