import { troupeError } from '../../protocol/reason.ts';
import { Feed } from '../../rpc/feed.ts';
import { ChangeHistory, type HistoryLimits } from './change-history.ts';
import type { StateChange, WatchOptions } from './state-store.ts';

/** The bounds of a change log. */
export interface ChangeLogLimits {
  /** How much is remembered for watches that begin in the past. */
  history: HistoryLimits;
  /** How far a watcher may fall behind. */
  watcher: HistoryLimits;
}

interface Watcher {
  readonly prefix: string;
  readonly feed: Feed<StateChange>;
}

/** What happened to the state: it is told to those who watch, and remembered for a while for those who come later. */
export class ChangeLog {
  readonly #limits: ChangeLogLimits;
  readonly #history: ChangeHistory;
  readonly #watchers = new Set<Watcher>();
  #revision: bigint;

  /** A log of what comes after the revision `from`. */
  constructor(limits: ChangeLogLimits, from: bigint) {
    this.#limits = limits;
    this.#history = new ChangeHistory(limits.history, from);
    this.#revision = from;
  }

  /** The revision of the last change. */
  get revision(): bigint {
    return this.#revision;
  }

  /** The revision that the next change gets. */
  get nextRevision(): bigint {
    return this.#revision + 1n;
  }

  /** Adds a change, which has the next revision. `bytes` is the size of its key and value. */
  add(change: StateChange, bytes: number): void {
    this.#revision = change.revision;
    this.#history.add(change, bytes);
    for (const { prefix, feed } of this.#watchers) {
      if (change.key.startsWith(prefix)) feed.push(change, bytes);
    }
  }

  /** Tells changes: see `StateStore.watch`. */
  watch({ prefix, fromRevision, signal }: WatchOptions): Feed<StateChange> {
    const from = fromRevision ?? this.#revision;
    // A revision that lies ahead was given by another store, or before the clock was set back.
    const first = from <= this.#revision ? this.#history.after(from, prefix) : undefined;
    const watcher: Watcher = {
      prefix,
      feed: new Feed<StateChange>({
        limit: this.#limits.watcher.changes,
        sizeLimit: this.#limits.watcher.bytes,
        overflow: () => slowReader(prefix),
        signal,
        onClose: () => this.#watchers.delete(watcher),
        ...(first && { first }),
      }),
    };
    if (first) this.#watchers.add(watcher);
    else watcher.feed.fail(forgotten(from));
    return watcher.feed;
  }

  /** Ends every watch, after what its reader has still to read, with `error`. */
  close(error: unknown): void {
    for (const { feed } of this.#watchers) feed.fail(error);
  }
}

function slowReader(prefix: string) {
  return troupeError(
    'SLOW_READER',
    `The reader of the watch of "${prefix}" fell too far behind: List, then watch from its revision.`,
  );
}

function forgotten(revision: bigint) {
  return troupeError(
    'REVISION_COMPACTED',
    `What came after revision ${revision} is no longer remembered: List, then watch from its revision.`,
  );
}
