import { type StateEntry, StateEventType } from '../../gen/troupe/v1/state_entry_pb.js';
import { checkedTime, invalidOption } from '../protocol/check-option.ts';
import { durationToMs, msToDuration } from '../protocol/ttl.ts';
import { fromValue, type JsonValue, toValue } from '../protocol/value.ts';
import type { CallOptions } from '../rpc/call-options.ts';
import { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { leavable } from './leavable.ts';
import type { Orchestrators } from './orchestrators.ts';
import type { Peer } from './peer.ts';

/** An entry of the shared state. */
export interface Entry {
  key: string;
  value: JsonValue;
  /** The revision of its last write. */
  revision: bigint;
  /** What remains until it expires, in milliseconds; nothing where it does not. */
  ttlMs?: number;
}

/** A change of the shared state; only a `set` has a value. */
export interface EntryChange extends Entry {
  type: 'set' | 'deleted' | 'expired';
}

/** What a call on the state is bounded by. */
export interface StateOptions {
  /** Cancels the call. */
  signal?: AbortSignal;
  /** How long it may take, in milliseconds. Default: 30,000; a watch lives until it is left. */
  timeoutMs?: number;
}

/** How an entry is written. */
export interface SetOptions extends StateOptions {
  /** Write only at this revision; 0n: only if there is no entry. Otherwise ABORTED / REVISION_CONFLICT. */
  ifRevision?: bigint;
  /** How long the entry lives, in milliseconds. Default: until it is deleted. */
  ttlMs?: number;
}

type Bounds = CallOptions & { deadline: Deadline; signal?: AbortSignal };

/** The state that agents share, in JSON. */
export class SharedState {
  readonly #orchestrators: Orchestrators;
  /** What bounds every call, beside its own options: the task's, where the state is a task's. */
  readonly #bounds: { signal?: AbortSignal; deadline?: Deadline };

  constructor(orchestrators: Orchestrators, bounds: { signal?: AbortSignal; deadline?: Deadline } = {}) {
    this.#orchestrators = orchestrators;
    this.#bounds = bounds;
  }

  /** Reads an entry; nothing where there is none. */
  async get(key: string, options: StateOptions = {}): Promise<Entry | undefined> {
    const { entry } = await this.#ask(options, (state, call) => state.get({ key }, call));
    return entry && toEntry(entry);
  }

  /** Writes an entry, and answers it with its new revision. */
  async set(key: string, value: JsonValue, options: SetOptions = {}): Promise<Entry> {
    const { ifRevision, ttlMs } = options;
    const request = {
      key,
      value: toValue(value),
      ...(ifRevision !== undefined && { ifRevision }),
      ...(ttlMs !== undefined && { ttl: msToDuration(checkedTtl(ttlMs)) }),
    };
    const { entry } = await this.#ask(options, (state, call) => state.set(request, call));
    return toEntry(entry!);
  }

  /** Deletes an entry; answers whether there was one. */
  async delete(key: string, options: StateOptions & Pick<SetOptions, 'ifRevision'> = {}): Promise<boolean> {
    const { ifRevision } = options;
    const request = { key, ...(ifRevision !== undefined && { ifRevision }) };
    return (await this.#ask(options, (state, call) => state.delete(request, call))).deleted;
  }

  /** Every entry whose key begins with `prefix`, sorted by key; pages are fetched as they are needed. */
  async *list(prefix = '', options: StateOptions = {}): AsyncGenerator<Entry, void> {
    let pageToken = '';
    do {
      const request = { prefix, pageToken };
      const page = await this.#ask(options, (state, call) => state.list(request, call));
      yield* page.entries.map(toEntry);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  }

  /** Every change under `prefix` from now on, or after `fromRevision`, until it is left. */
  watch(
    prefix = '',
    options: StateOptions & { fromRevision?: bigint } = {},
  ): AsyncGenerator<EntryChange, void> {
    return leavable(options.signal, (signal) => this.#watch(prefix, { ...options, signal }));
  }

  async *#watch(
    prefix: string,
    options: StateOptions & { fromRevision?: bigint },
  ): AsyncGenerator<EntryChange, void> {
    const { fromRevision, timeoutMs = Number.POSITIVE_INFINITY } = options;
    // Begun anew, it would pass over what happened meanwhile: its reader has to know.
    const scope = this.#scope({ ...options, timeoutMs });
    const peer = await this.#orchestrators.reach(scope.deadline, scope.signal);
    const request = { prefix, ...(fromRevision !== undefined && { fromRevision }) };
    try {
      for await (const { event } of peer.state.watch(request, scope)) {
        if (event?.entry) yield { type: CHANGES[event.type] ?? 'set', ...toEntry(event.entry) };
      }
    } catch (thrown) {
      throw peer.lost(RpcError.from(thrown));
    }
  }

  #ask<T>(options: StateOptions, call: (state: Peer['state'], scope: Bounds) => Promise<T>): Promise<T> {
    const scope = this.#scope(options);
    return this.#orchestrators.ask(scope, ({ state }) => call(state, scope));
  }

  #scope(options: StateOptions): Bounds {
    const { timeoutMs = 30_000 } = options;
    const signals = [options.signal, this.#bounds.signal].filter((signal) => signal !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    const own = Deadline.after(checkedTime('timeoutMs', timeoutMs));
    const deadline = own.earliest(this.#bounds.deadline ?? Deadline.never);
    return { deadline, ...(signal && { signal }) };
  }
}

/** The mesh knows the bounds of what is a number. */
function checkedTtl(ttlMs: number): number {
  if (!Number.isFinite(ttlMs))
    throw invalidOption('ttlMs', ttlMs, 'a number of milliseconds: leave it out to keep the entry');
  return ttlMs;
}

const CHANGES: Partial<Record<StateEventType, EntryChange['type']>> = {
  [StateEventType.SET]: 'set',
  [StateEventType.DELETED]: 'deleted',
  [StateEventType.EXPIRED]: 'expired',
};

function toEntry({ key, value, revision, ttl }: StateEntry): Entry {
  return { key, value: fromValue(value), revision, ...(ttl && { ttlMs: durationToMs(ttl) }) };
}
