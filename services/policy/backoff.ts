import type { Random } from './random.ts';

/** How long to wait before another attempt. */
export interface BackoffOptions {
  /** The longest wait before the second attempt, in milliseconds. Default: 25, Envoy's `base_interval`. */
  baseMs?: number;
  /** The longest wait of all, in milliseconds. Default: 250, Envoy's `max_interval`: ten times the base. */
  capMs?: number;
}

/**
 * How long to wait after the `failed`-th failed attempt, in milliseconds: anything up to `baseMs`, doubled with every
 * failure, up to `capMs`. Source: "full jitter" (Brooker, "Exponential Backoff and Jitter", AWS 2015), which spreads
 * those that failed together as far as it can.
 *
 * `pushBackMs` is what the server asked for (RetryInfo): as its proto says, at least that long, and the backoff on
 * top, so that those who were told the same do not come back together.
 */
export function backoffMs(
  failed: number,
  random: Random,
  { baseMs = 25, capMs = 250 }: BackoffOptions = {},
  pushBackMs = 0,
): number {
  return pushBackMs + random() * Math.min(capMs, baseMs * 2 ** (failed - 1));
}
