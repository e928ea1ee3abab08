/**
 * The longest timeout that is heeded, in milliseconds: Node's limit of a timer, 24.8 days. A longer one
 * would be over at once.
 */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * How many of each unit that is; of the units that are not here, the eight digits that gRPC allows are
 * fewer.
 */
const LONGEST_GRPC: Readonly<Record<string, number>> = {
  H: Math.floor(LONGEST_MS / 3_600_000),
  M: Math.floor(LONGEST_MS / 60_000),
  S: Math.floor(LONGEST_MS / 1000),
};

/** Cuts the timeouts in the headers of a request, Connect's and gRPC's, to the longest that can be heeded. */
export function capTimeouts(headers: Headers): void {
  if (Number(headers.get('connect-timeout-ms')) > LONGEST_MS)
    headers.set('connect-timeout-ms', String(LONGEST_MS));
  const [, digits, unit = ''] = /^(\d{1,8})([HMS])$/.exec(headers.get('grpc-timeout') ?? '') ?? [];
  const longest = LONGEST_GRPC[unit];
  if (longest !== undefined && Number(digits) > longest) headers.set('grpc-timeout', `${longest}${unit}`);
}
