import { GradientLimit } from '../../policy/gradient-limit.ts';
import { LatencyEstimate } from '../../policy/latency-estimate.ts';
import { stringHash } from '../../policy/string-hash.ts';
import type { Connection } from '../member/connection.ts';
import type { RosterEntry } from '../roster/entry.ts';

/**
 * How many tasks an instance that sets no `max_concurrency` is given at first, before its latency says otherwise.
 * Ours: it says so itself where it bears only few, and a link alone carries hundreds.
 */
const INITIAL_LIMIT = 1_000;
/** How many it is given at most. Ours: 10 MB or so of small tasks. */
const MAX_LIMIT = 10_000;

/** What is known of how one instance does its work, whichever way its tasks come. It is forgotten when it leaves. */
export class Standing {
  readonly entry: RosterEntry<Connection>;
  /** The `stringHash` of its id. */
  readonly hash: number;
  /** How many tasks it bears at once, as learnt. */
  readonly bears: GradientLimit;
  readonly #latencies = new Map<string, LatencyEstimate>();
  readonly #maxConcurrency: number;

  constructor(entry: RosterEntry<Connection>) {
    const { maxConcurrency } = entry.card;
    this.entry = entry;
    this.hash = stringHash(entry.instanceId);
    this.bears = new GradientLimit({ initialLimit: INITIAL_LIMIT, maxLimit: MAX_LIMIT });
    this.#maxConcurrency = maxConcurrency === 0 ? MAX_LIMIT : maxConcurrency;
  }

  /** How many tasks it is given at once: the smaller of its `max_concurrency` and what it bears. */
  get limit(): number {
    return Math.min(this.#maxConcurrency, this.bears.limit);
  }

  /** What to expect of it for a capability. */
  latency(capability: string): LatencyEstimate {
    let latency = this.#latencies.get(capability);
    if (!latency) {
      latency = new LatencyEstimate();
      this.#latencies.set(capability, latency);
    }
    return latency;
  }
}
