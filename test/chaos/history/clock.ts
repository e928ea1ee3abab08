/**
 * The moment, in milliseconds of the machine's monotonic clock: the same in every process, so that what one of them
 * did can be told against what another saw.
 */
export function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
