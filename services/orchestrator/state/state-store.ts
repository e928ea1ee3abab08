/** An entry as the store keeps it. */
export interface StoredEntry {
  /** Its key: 1 to 512 bytes of UTF-8. */
  readonly key: string;
  /** Its value, in whatever encoding the store's user chose. Never changed in place. */
  readonly value: Uint8Array;
  /** The revision of its last write. */
  readonly revision: bigint;
  /** When it was last written, by the wall clock. For people. */
  readonly updatedAt: Date;
  /** What remained until it expires when it was read, in milliseconds. Absent: it does not expire. */
  readonly ttlMs?: number;
}

/** A change of the state. */
export type StateChange =
  /** An entry was written. */
  | { readonly type: 'set'; readonly key: string; readonly revision: bigint; readonly entry: StoredEntry }
  /** An entry was deleted, or its time to live ran out. */
  | { readonly type: 'deleted' | 'expired'; readonly key: string; readonly revision: bigint };

/** How an entry is written. */
export interface SetOptions {
  /** Write only if the entry is at this revision; 0: only if there is none. Default: write in any case. */
  ifRevision?: bigint | undefined;
  /** How long the entry lives, in milliseconds. Default: until it is deleted. */
  ttlMs?: number | undefined;
}

/** How an entry is deleted. */
export interface DeleteOptions {
  /** Delete only if the entry is at this revision; 0: only if there is none. Default: delete in any case. */
  ifRevision?: bigint | undefined;
}

/** What became of a delete. */
export interface DeleteResult {
  /** Whether there was an entry to delete. */
  deleted: boolean;
  /** The revision of the deletion; where nothing was deleted, the current one. */
  revision: bigint;
}

/** Which entries to list. */
export interface ListOptions {
  /** What their keys begin with. Empty: all. */
  prefix: string;
  /** Begin after this key. Default: with the first. */
  after?: string | undefined;
  /** How many at most: 1 or more. */
  limit: number;
  /** How many bytes of keys and values at most; one entry is always listed, whatever its size. */
  maxBytes: number;
}

/** A page of entries. */
export interface ListResult {
  /** The entries, sorted by the bytes of their keys. */
  entries: StoredEntry[];
  /** Whether more follow. */
  more: boolean;
  /** The revision at which they were read. */
  revision: bigint;
}

/** Which changes to watch. */
export interface WatchOptions {
  /** What their keys begin with. Empty: all. */
  prefix: string;
  /** Tell first what came after this revision. Default: only what comes from now on. */
  fromRevision?: bigint | undefined;
  /** Ends the watch, which then throws the signal's reason. */
  signal: AbortSignal;
}

/**
 * Where shared state is kept. What the values mean is none of its concern. Methods are asynchronous so that a store
 * may keep them in a database; each of them is atomic.
 *
 * Revisions: one counter serves all keys. Every write gets the next, expiry included, and it never goes back, not
 * over a restart either. Errors are RpcErrors: REVISION_CONFLICT, MESSAGE_TOO_LARGE, OVERLOADED, REVISION_COMPACTED,
 * SLOW_READER, and DRAINING once the store is closed.
 */
export interface StateStore {
  /** Reads an entry; nothing where there is none under that key, or it has expired. */
  get(key: string): Promise<StoredEntry | undefined>;
  /**
   * Writes an entry, whole. REVISION_CONFLICT where it is not at `ifRevision`, MESSAGE_TOO_LARGE where the value is
   * over 1 MiB, OVERLOADED where the store is full: in all three nothing is written.
   */
  set(key: string, value: Uint8Array, options?: SetOptions): Promise<StoredEntry>;
  /** Deletes an entry, if there is one. REVISION_CONFLICT where it is not at `ifRevision`. */
  delete(key: string, options?: DeleteOptions): Promise<DeleteResult>;
  /** Lists entries by prefix. */
  list(options: ListOptions): Promise<ListResult>;
  /**
   * Tells changes in the order of their revisions until it is left or aborted. It begins when it is called, not when
   * it is first read. REVISION_COMPACTED where `fromRevision` is not remembered, SLOW_READER where its reader fell
   * too far behind, DRAINING when the store closes; all of them while it is read.
   */
  watch(options: WatchOptions): AsyncIterable<StateChange>;
  /** Ends every watch, and refuses writes from then on. */
  close(): Promise<void>;
}
