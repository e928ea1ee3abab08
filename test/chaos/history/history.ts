import { quantile } from '../../report/statistics.ts';
import type { Call } from './call.ts';

/** The calls of one load, in the order in which they ended. */
export class History {
  readonly calls: readonly Call[];

  constructor(calls: readonly Call[]) {
    this.calls = calls;
  }

  /** The calls that were made in a span of time. */
  startedWithin(from: number, to = Number.POSITIVE_INFINITY): History {
    return this.filter(({ start }) => start >= from && start < to);
  }

  filter(isOne: (call: Call) => boolean): History {
    return new History(this.calls.filter(isOne));
  }

  get count(): number {
    return this.calls.length;
  }

  get ok(): History {
    return this.filter(({ outcome }) => outcome === 'ok');
  }

  get failed(): History {
    return this.filter(({ outcome }) => outcome === 'failed');
  }

  /** Those whose time ran out. */
  get unknown(): History {
    return this.filter(({ outcome }) => outcome === 'unknown');
  }

  /** The share of the calls, 0 to 1, that an instance answered or failed. NaN where there are none. */
  shareOf(instance: string): number {
    return this.filter((call) => call.instance === instance).count / this.count;
  }

  /** How long `share` of the calls took at most, in milliseconds, however they ended. NaN where there are none. */
  latencyMs(share: number): number {
    return quantile(
      this.calls.map(({ start, end }) => end - start),
      share,
    );
  }

  /** How often each way to fail was seen, the commonest first: `3 × UNAVAILABLE / INSTANCE_LOST`. */
  failures(): string {
    const counts = new Map<string, number>();
    for (const { outcome, code, reason } of this.calls) {
      if (outcome === 'ok') continue;
      const name = reason ? `${code} / ${reason}` : code;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const sorted = [...counts].sort(([, a], [, b]) => b - a);
    return sorted.map(([name, count]) => `${count} × ${name}`).join(', ') || 'no failures';
  }
}
