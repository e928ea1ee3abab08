import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../services/orchestrator/state/memory-store.ts';
import { one, reasonFor, start, storeOf, take, watch } from './store-kit.ts';

/** Keeps the event loop from turning, so that no timer runs. */
function keepBusy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

describe('revisions', () => {
  it('are one counter for all keys, deletions and expiries included', async () => {
    const store = storeOf();
    const changes = watch(store);
    await store.set('a', one);
    await store.set('b', one, { ttlMs: 1 });
    await store.delete('a');
    expect(await take(changes, 4)).toEqual(['set a 1001', 'set b 1002', 'deleted a 1003', 'expired b 1004']);
  });

  it('start at the time in microseconds, so that they do not go back over a restart', async () => {
    const before = BigInt(Date.now()) * 1_000n;
    const { revision } = await new MemoryStore().set('a', one);
    expect(revision).toBeGreaterThan(before);
    expect(revision).toBeLessThanOrEqual(BigInt(Date.now()) * 1_000n + 1n);
  });

  it.each([
    ['an entry that is at another', start + 5n],
    ['an entry that must not exist and does', 0n],
  ])('refuse to write %s, and nothing is written', async (_, ifRevision) => {
    const store = storeOf();
    const { revision } = await store.set('a', one);
    expect(await reasonFor(store.set('a', Uint8Array.of(2), { ifRevision }))).toBe('REVISION_CONFLICT');
    expect(await reasonFor(store.delete('a', { ifRevision }))).toBe('REVISION_CONFLICT');
    expect(await store.get('a')).toMatchObject({ value: one, revision });
  });

  it('refuse to write an entry that must exist and does not', async () => {
    expect(await reasonFor(storeOf().set('a', one, { ifRevision: start }))).toBe('REVISION_CONFLICT');
  });

  it('let one of many who create the same entry win', async () => {
    const store = storeOf();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => store.set('lock', Uint8Array.of(i), { ifRevision: 0n })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('let many concurrent writers lose no update', async () => {
    const store = storeOf();
    const increment = async (): Promise<void> => {
      for (;;) {
        const entry = await store.get('count');
        const next = Uint8Array.of((entry?.value[0] ?? 0) + 1);
        const written = store.set('count', next, { ifRevision: entry?.revision ?? 0n });
        if ((await reasonFor(written)) === undefined) return;
      }
    };
    await Promise.all(Array.from({ length: 100 }, increment));
    expect((await store.get('count'))?.value[0]).toBe(100);
  });

  it('stay where they are when nothing is deleted', async () => {
    const store = storeOf();
    await store.set('a', one);
    expect(await store.delete('b')).toEqual({ deleted: false, revision: start + 1n });
    expect(await store.delete('b', { ifRevision: 0n })).toEqual({ deleted: false, revision: start + 1n });
  });
});

describe('a time to live', () => {
  it('is told as what remains of it', async () => {
    const store = storeOf();
    await store.set('a', one, { ttlMs: 60_000 });
    const ttlMs = (await store.get('a'))?.ttlMs;
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });

  it('ends with the next write without one', async () => {
    const store = storeOf();
    const changes = watch(store);
    await store.set('a', one, { ttlMs: 5 });
    await store.set('a', one);
    await store.set('b', one, { ttlMs: 10 });
    expect(await take(changes, 4)).toEqual(['set a 1001', 'set a 1002', 'set b 1003', 'expired b 1004']);
    expect(await store.get('a')).not.toHaveProperty('ttlMs');
  });

  it('that has run out hides an entry even where the timer has not run yet', async () => {
    const store = storeOf();
    const changes = watch(store);
    await store.set('a', one, { ttlMs: 1 });
    await store.set('b', one, { ttlMs: 1 });
    keepBusy(3);
    expect(await store.get('a')).toBeUndefined();
    expect((await store.list({ prefix: '', limit: 9, maxBytes: 1_000 })).entries).toEqual([]);
    expect(await take(changes, 4)).toEqual(['set a 1001', 'set b 1002', 'expired a 1003', 'expired b 1004']);
  });

  it('may be longer than a timer can be set for', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const store = storeOf();
    const changes = watch(store);
    await store.set('a', one, { ttlMs: 365 * 24 * 3_600_000 });
    await store.set('b', one, { ttlMs: 5 });
    expect(await take(changes, 3)).toEqual(['set a 1001', 'set b 1002', 'expired b 1003']);
    expect(await store.get('a')).toBeDefined();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('that runs out for very many at once floods no watcher that reads', async () => {
    const store = storeOf({ watcherChanges: 300 });
    for (let i = 0; i < 1_000; i++) await store.set(`k${i}`, one, { ttlMs: 20 });
    const changes = watch(store, { prefix: 'k' });
    const expired = await take(changes, 1_000);
    expect(expired.every((change) => change.startsWith('expired'))).toBe(true);
  });
});

describe('a list', () => {
  it('is sorted, by prefix, in pages, with the revision at which it was read', async () => {
    const store = storeOf();
    for (const key of ['b/2', 'a', 'b/3', 'b/1', 'c']) await store.set(key, one);
    const first = await store.list({ prefix: 'b/', limit: 2, maxBytes: 1_000 });
    expect(first).toMatchObject({ more: true, revision: start + 5n });
    expect(first.entries.map(({ key }) => key)).toEqual(['b/1', 'b/2']);
    const rest = await store.list({ prefix: 'b/', after: 'b/2', limit: 2, maxBytes: 1_000 });
    expect(rest).toMatchObject({ more: false });
    expect(rest.entries.map(({ key }) => key)).toEqual(['b/3']);
  });

  it('goes on where the entry after which it begins is gone', async () => {
    const store = storeOf();
    for (const key of ['a', 'b', 'c']) await store.set(key, one);
    await store.delete('b');
    const { entries } = await store.list({ prefix: '', after: 'b', limit: 9, maxBytes: 1_000 });
    expect(entries.map(({ key }) => key)).toEqual(['c']);
  });

  it('ends a page before it has too many bytes, but never before its first entry', async () => {
    const store = storeOf();
    for (const key of ['a', 'b', 'c']) await store.set(key, new Uint8Array(100));
    expect((await store.list({ prefix: '', limit: 9, maxBytes: 250 })).entries).toHaveLength(2);
    expect((await store.list({ prefix: '', limit: 9, maxBytes: 1 })).entries).toHaveLength(1);
  });
});

describe('a full store', () => {
  it('refuses another entry, but still takes a new value of one that it has', async () => {
    const store = storeOf({ maxEntries: 2 });
    await store.set('a', one);
    await store.set('b', one);
    expect(await reasonFor(store.set('c', one))).toBe('OVERLOADED');
    await store.set('b', Uint8Array.of(2));
    await store.delete('a');
    await store.set('c', one);
    expect(await store.get('a')).toBeUndefined();
  });

  it('counts the bytes of keys and values, and gives back those of what was replaced or deleted', async () => {
    const store = storeOf({ maxBytes: 10 });
    await store.set('a', new Uint8Array(9));
    expect(await reasonFor(store.set('b', new Uint8Array(0)))).toBe('OVERLOADED');
    await store.set('a', new Uint8Array(3));
    await store.set('b', new Uint8Array(5));
    expect(await reasonFor(store.set('c', new Uint8Array(0)))).toBe('OVERLOADED');
    await store.delete('b');
    await store.set('c', new Uint8Array(5));
  });

  it('takes an entry in the place of one whose time has come', async () => {
    const store = storeOf({ maxEntries: 1 });
    const { updatedAt } = await store.set('a', one, { ttlMs: 1 });
    keepBusy(3);
    expect((await store.set('b', one)).updatedAt.getTime()).toBeGreaterThan(updatedAt.getTime());
  });

  it('refuses a value over 1 MiB', async () => {
    const store = storeOf();
    await store.set('a', new Uint8Array(2 ** 20));
    expect(await reasonFor(store.set('a', new Uint8Array(2 ** 20 + 1)))).toBe('MESSAGE_TOO_LARGE');
  });
});
