import { troupeError } from '../../protocol/reason.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { ChangeLog } from './change-log.ts';
import { Expiries } from './expiries.ts';
import { SortedKeys } from './sorted-keys.ts';
import type {
  DeleteOptions,
  DeleteResult,
  ListOptions,
  ListResult,
  SetOptions,
  StateChange,
  StateStore,
  StoredEntry,
  WatchOptions,
} from './state-store.ts';

/** The bounds of a store in memory. */
export interface MemoryStoreOptions {
  /** How many entries it holds. Default: 100,000. */
  maxEntries?: number;
  /** How many bytes its keys and values take together. Default: 256 MiB. */
  maxBytes?: number;
  /** How many bytes one value takes. Default: 1 MiB. */
  maxValueBytes?: number;
  /** How many changes it remembers for watches that begin in the past. Default: 10,000. */
  historyChanges?: number;
  /** How many bytes of keys and values those changes hold. Default: 64 MiB. */
  historyBytes?: number;
  /** How many changes a watcher may fall behind. Default: 1,024. */
  watcherChanges?: number;
  /** How many bytes of keys and values a watcher may fall behind. Default: 64 MiB. */
  watcherBytes?: number;
  /** The revision before the first. Default: the time of the start in microseconds since 1970. */
  startRevision?: bigint;
}

interface Held {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: bigint;
  readonly updatedAt: Date;
  /** In milliseconds of the monotonic clock; Infinity where it does not expire. */
  readonly expiresAt: number;
  /** The size of key and value. */
  readonly bytes: number;
}

const MIB = 2 ** 20;

/**
 * Shared state in memory: it is lost with the process. An expired entry is never read: what meets it first, a call for
 * its key or the timer, makes its end a change with a revision of its own.
 */
export class MemoryStore implements StateStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #maxValueBytes: number;
  readonly #held = new Map<string, Held>();
  readonly #keys = new SortedKeys();
  readonly #expiries = new Expiries<Held>((held) => this.#end(held, 'expired'));
  readonly #log: ChangeLog;
  #bytes = 0;
  #closed: RpcError | undefined;

  constructor(options: MemoryStoreOptions = {}) {
    this.#maxEntries = options.maxEntries ?? 100_000;
    this.#maxBytes = options.maxBytes ?? 256 * MIB;
    this.#maxValueBytes = options.maxValueBytes ?? MIB;
    this.#log = new ChangeLog(
      {
        history: { changes: options.historyChanges ?? 10_000, bytes: options.historyBytes ?? 64 * MIB },
        watcher: { changes: options.watcherChanges ?? 1_024, bytes: options.watcherBytes ?? 64 * MIB },
      },
      options.startRevision ?? BigInt(Date.now()) * 1_000n,
    );
  }

  async get(key: string): Promise<StoredEntry | undefined> {
    const held = this.#live(key);
    return held && asEntry(held);
  }

  async set(key: string, value: Uint8Array, options: SetOptions = {}): Promise<StoredEntry> {
    this.#refuseClosed();
    const bytes = Buffer.byteLength(key) + value.byteLength;
    this.#checkSize(key, value);
    this.#expireForRoom(bytes);
    const before = this.#live(key);
    checkRevision(key, before, options.ifRevision);
    this.#checkRoom(bytes, before);

    const held: Held = {
      key,
      value,
      revision: this.#log.nextRevision,
      updatedAt: new Date(),
      expiresAt: performance.now() + (options.ttlMs ?? Number.POSITIVE_INFINITY),
      bytes,
    };
    if (before) this.#expiries.remove(before);
    else this.#keys.add(key);
    this.#held.set(key, held);
    this.#expiries.add(held);
    this.#bytes += bytes - (before?.bytes ?? 0);
    const entry = asEntry(held);
    this.#log.add({ type: 'set', key, revision: held.revision, entry }, bytes);
    return entry;
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    this.#refuseClosed();
    const held = this.#live(key);
    checkRevision(key, held, options.ifRevision);
    if (held) this.#end(held, 'deleted');
    return { deleted: held !== undefined, revision: this.#log.revision };
  }

  async list({ prefix, after, limit, maxBytes }: ListOptions): Promise<ListResult> {
    const entries: StoredEntry[] = [];
    const revision = this.#log.revision;
    const now = performance.now();
    let bytes = 0;
    for (const key of this.#keys.from(after ?? prefix)) {
      if (key === after) continue;
      if (!key.startsWith(prefix)) break;
      const held = this.#held.get(key)!;
      if (held.expiresAt <= now) continue;
      bytes += held.bytes;
      const full = entries.length >= limit || bytes > maxBytes;
      if (full && entries.length > 0) return { entries, more: true, revision };
      entries.push(asEntry(held));
    }
    return { entries, more: false, revision };
  }

  watch(options: WatchOptions): AsyncIterable<StateChange> {
    const feed = this.#log.watch(options);
    if (this.#closed) feed.fail(this.#closed);
    return feed;
  }

  async close(): Promise<void> {
    this.#closed ??= troupeError(
      'DRAINING',
      'The store of shared state is closed: its orchestrator is stopping.',
    );
    this.#expiries.close();
    this.#log.close(this.#closed);
  }

  #refuseClosed(): void {
    if (this.#closed) throw this.#closed;
  }

  /** The entry under a key. One whose time has come ends here, and is none. */
  #live(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined || held.expiresAt > performance.now()) return held;
    this.#end(held, 'expired');
    return undefined;
  }

  #end(held: Held, type: 'deleted' | 'expired'): void {
    const { key } = held;
    this.#held.delete(key);
    this.#keys.delete(key);
    this.#expiries.remove(held);
    this.#bytes -= held.bytes;
    this.#log.add({ type, key, revision: this.#log.nextRevision }, Buffer.byteLength(key));
  }

  #checkSize(key: string, value: Uint8Array): void {
    if (value.byteLength <= this.#maxValueBytes) return;
    throw troupeError(
      'MESSAGE_TOO_LARGE',
      `The value of ${key} takes ${value.byteLength} bytes, at most ${this.#maxValueBytes} are allowed: split it.`,
    );
  }

  #checkRoom(bytes: number, before: Held | undefined): void {
    const entriesAfter = this.#held.size + (before ? 0 : 1);
    const bytesAfter = this.#bytes + bytes - (before?.bytes ?? 0);
    if (entriesAfter <= this.#maxEntries && bytesAfter <= this.#maxBytes) return;
    throw troupeError(
      'OVERLOADED',
      `The shared state is full (${this.#maxEntries} entries, ${this.#maxBytes} bytes): delete some, or set a ttl.`,
    );
  }

  /** Where it may be full, ends what is due and was not reached by the timer yet: that is no reason to refuse. */
  #expireForRoom(bytes: number): void {
    const full = () => this.#held.size >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes;
    while (full() && this.#expiries.expireDue());
  }
}

function asEntry({ key, value, revision, updatedAt, expiresAt }: Held): StoredEntry {
  const entry = { key, value, revision, updatedAt };
  if (expiresAt === Number.POSITIVE_INFINITY) return entry;
  return { ...entry, ttlMs: Math.max(0, expiresAt - performance.now()) };
}

function checkRevision(key: string, held: Held | undefined, ifRevision: bigint | undefined): void {
  if (ifRevision === undefined || ifRevision === (held?.revision ?? 0n)) return;
  const is = held ? `is at revision ${held.revision}` : 'does not exist';
  const asked = ifRevision === 0n ? 'must not exist' : `must be at revision ${ifRevision}`;
  throw troupeError(
    'REVISION_CONFLICT',
    `The entry ${key} ${is}, but ${asked}: nothing was changed. Read it again, then retry.`,
  );
}
