/**
 * The longest timeout that is heeded, in milliseconds: Node's limit of a timer, 24.8 days. A longer one would be over
 * at once.
 */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How many of each unit that is; of the units that are not here, the eight digits that gRPC allows are fewer. */
const LONGEST: Readonly<Record<string, number>> = {
  H: Math.floor(LONGEST_TIMEOUT_MS / 3_600_000),
  M: Math.floor(LONGEST_TIMEOUT_MS / 60_000),
  S: Math.floor(LONGEST_TIMEOUT_MS / 1000),
};

/** What grpc-js takes for a timeout: it looks for one anywhere in the header. */
const TIMEOUT = /(\d{1,8})\s*([HMSmun])/;

/** A `grpc-timeout` cut to the longest that can be heeded; what is no timeout stays as it is. */
export function capGrpcTimeout(timeout: string): string {
  const [, digits, unit = ''] = TIMEOUT.exec(timeout) ?? [];
  const longest = LONGEST[unit];
  return longest !== undefined && Number(digits) > longest ? `${longest}${unit}` : timeout;
}
