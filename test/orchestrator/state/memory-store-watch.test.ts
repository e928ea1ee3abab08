import { describe, expect, it } from 'vitest';
import { one, reasonFor, start, storeOf, take, watch } from './store-kit.ts';

describe('a watch', () => {
  it('tells the changes under its prefix, from when it was asked for', async () => {
    const store = storeOf();
    await store.set('a/1', one);
    const changes = watch(store, { prefix: 'a/' });
    await store.set('b/1', one);
    await store.set('a/2', one);
    await store.delete('a/1');
    expect(await take(changes, 2)).toEqual(['set a/2 1003', 'deleted a/1 1004']);
  });

  it('tells first what came after a revision, then what comes, with no gap and nothing twice', async () => {
    const store = storeOf();
    for (const key of ['a', 'b', 'c']) await store.set(key, one);
    const changes = watch(store, { fromRevision: start + 1n });
    await store.set('d', one);
    expect(await take(changes, 3)).toEqual(['set b 1002', 'set c 1003', 'set d 1004']);
  });

  it('from the start revision tells everything that is remembered', async () => {
    const store = storeOf({ historyChanges: 2 });
    await store.set('a', one);
    await store.set('b', one);
    expect(await take(watch(store, { fromRevision: start }), 2)).toEqual(['set a 1001', 'set b 1002']);
    await store.set('c', one);
    expect(await reasonFor(watch(store, { fromRevision: start }).next())).toBe('REVISION_COMPACTED');
    expect(await take(watch(store, { fromRevision: start + 1n }), 2)).toEqual(['set b 1002', 'set c 1003']);
  });

  it.each([
    ['before the store began', 0n],
    ['that was never given', start + 100n],
  ])('from a revision %s ends', async (_, fromRevision) => {
    expect(await reasonFor(watch(storeOf(), { fromRevision }).next())).toBe('REVISION_COMPACTED');
  });

  it('forgets what takes too many bytes', async () => {
    const store = storeOf({ historyBytes: 250 });
    for (const key of ['a', 'b', 'c']) await store.set(key, new Uint8Array(100));
    expect(await reasonFor(watch(store, { fromRevision: start }).next())).toBe('REVISION_COMPACTED');
    expect(await take(watch(store, { fromRevision: start + 1n }), 2)).toEqual(['set b 1002', 'set c 1003']);
  });

  it('ends where its reader falls 1,024 changes behind, and harms no other', async () => {
    const store = storeOf();
    const slow = watch(store);
    const other = watch(store, { prefix: '7' });
    for (let i = 0; i < 1_025; i++) await store.set(`${i}`, one);
    expect(await reasonFor(slow.next())).toBe('SLOW_READER');
    expect(await take(other, 1)).toEqual(['set 7 1008']);
  });

  it('ends where its reader falls too many bytes behind', async () => {
    const store = storeOf({ watcherBytes: 250 });
    const slow = watch(store);
    for (const key of ['a', 'b', 'c']) await store.set(key, new Uint8Array(100));
    expect(await reasonFor(slow.next())).toBe('SLOW_READER');
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const next = watch(storeOf(), { signal: controller.signal }).next();
    controller.abort(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
  });
});

describe('a closed store', () => {
  it('ends its watches after what was still to be read, and refuses writes and watches', async () => {
    const store = storeOf();
    const changes = watch(store);
    await store.set('a', one);
    await store.close();
    expect(await take(changes, 1)).toEqual(['set a 1001']);
    expect(await reasonFor(changes.next())).toBe('DRAINING');
    expect(await reasonFor(store.set('a', one))).toBe('DRAINING');
    expect(await reasonFor(store.delete('a'))).toBe('DRAINING');
    expect(await reasonFor(watch(store).next())).toBe('DRAINING');
  });
});
