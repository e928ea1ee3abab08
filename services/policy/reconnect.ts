import type { Random } from './random.ts';

/** How a lost peer is dialled again. */
export interface ReconnectOptions {
  /** The wait after the first failure, in milliseconds. Default: 100, as the contract says. */
  firstMs?: number;
  /** The longest wait, in milliseconds. Default: 1,000, as the contract says. */
  longestMs?: number;
  /** By how much a wait is drawn out or cut, as a share of it. Default: 0.2, gRPC's connection backoff. */
  jitter?: number;
  /**
   * How long a connection has to last, in milliseconds, so that the next wait is the first one again. Default:
   * 1,000, the longest wait: a peer that takes connections and drops them is not dialled in a loop.
   */
  steadyMs?: number;
}

/** Says how long to wait before a lost peer is dialled again: doubles up to a limit, with jitter around it. */
export class Reconnect {
  readonly #random: Random;
  readonly #options: Required<ReconnectOptions>;
  #failures = 0;
  #connectedAt = Number.POSITIVE_INFINITY;

  constructor(random: Random, options: ReconnectOptions = {}) {
    this.#random = random;
    this.#options = { firstMs: 100, longestMs: 1_000, jitter: 0.2, steadyMs: 1_000, ...options };
  }

  /** The peer is there. */
  connected(now: number): void {
    this.#connectedAt = now;
  }

  /** The peer is lost, or could not be reached: how long to wait, in milliseconds. */
  lost(now: number): number {
    const { firstMs, longestMs, jitter, steadyMs } = this.#options;
    if (now - this.#connectedAt >= steadyMs) this.#failures = 0;
    this.#connectedAt = Number.POSITIVE_INFINITY;
    const waitMs = Math.min(longestMs, firstMs * 2 ** this.#failures++);
    return waitMs * (1 - jitter + 2 * jitter * this.#random());
  }
}
