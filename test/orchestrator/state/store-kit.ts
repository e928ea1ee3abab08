import { MemoryStore, type MemoryStoreOptions } from '../../../services/orchestrator/state/memory-store.ts';
import type {
  StateChange,
  StateStore,
  WatchOptions,
} from '../../../services/orchestrator/state/state-store.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

/** A value. */
export const one = Uint8Array.of(1);
const never = new AbortController().signal;

/** The revision before the first, in these tests. */
export const start = 1_000n;

/** A store that begins at `start`. */
export function storeOf(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore({ startRevision: start, ...options });
}

/** Watches a store: all of it, where `options` do not say. */
export function watch(store: StateStore, options: Partial<WatchOptions> = {}): AsyncIterator<StateChange> {
  return store.watch({ prefix: '', signal: never, ...options })[Symbol.asyncIterator]();
}

/** The reason that a call fails with; nothing where it does not. */
export async function reasonFor(promise: Promise<unknown>): Promise<string | undefined> {
  const thrown = await promise.then(
    () => undefined,
    (error) => error,
  );
  return thrown instanceof RpcError ? reasonOf(thrown) : undefined;
}

/** The next `count` changes as `type key revision`. */
export async function take(changes: AsyncIterator<StateChange>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for (let i = 0; i < count; i++) {
    const { value } = await changes.next();
    taken.push(`${value.type} ${value.key} ${value.revision}`);
  }
  return taken;
}
