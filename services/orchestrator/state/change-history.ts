import type { StateChange } from './state-store.ts';

/** How much a history remembers. */
export interface HistoryLimits {
  /** How many changes. */
  changes: number;
  /** How many bytes of keys and values. */
  bytes: number;
}

/** The latest changes, for watches that begin in the past. The oldest are forgotten where a limit is reached. */
export class ChangeHistory {
  readonly #limits: HistoryLimits;
  readonly #changes: { change: StateChange; bytes: number }[] = [];
  #bytes = 0;
  #forgotten: bigint;

  /** A history of what comes after the revision `from`. */
  constructor(limits: HistoryLimits, from: bigint) {
    this.#limits = limits;
    this.#forgotten = from;
  }

  /** Remembers a change, which is later than all before. `bytes` is the size of its key and value. */
  add(change: StateChange, bytes: number): void {
    this.#changes.push({ change, bytes });
    this.#bytes += bytes;
    while (this.#changes.length > this.#limits.changes || this.#bytes > this.#limits.bytes) {
      const oldest = this.#changes.shift()!;
      this.#bytes -= oldest.bytes;
      this.#forgotten = oldest.change.revision;
    }
  }

  /** The changes after `revision` under `prefix`; nothing where some of what came after it is forgotten. */
  after(revision: bigint, prefix: string): StateChange[] | undefined {
    if (revision < this.#forgotten) return undefined;
    const changes: StateChange[] = [];
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const { change } = this.#changes[i]!;
      if (change.revision <= revision) break;
      if (change.key.startsWith(prefix)) changes.push(change);
    }
    return changes.reverse();
  }
}
