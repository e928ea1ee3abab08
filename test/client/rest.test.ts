import { describe, expect, it } from 'vitest';
import type { EntryChange } from '../../services/client/index.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { caller, mesh } from './mesh.ts';

describe('A broadcast', () => {
  it('goes to every instance that the filter leaves, and tells what became of it', async () => {
    const { address, agent } = await mesh();
    const troupe = caller(address);
    await troupe.dispatch('echo', 1);
    const outcomes = await Array.fromAsync(troupe.broadcast({ news: 1 }, { capability: 'echo' }));
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]?.instanceId).toBe(agent.card.instanceId);
    const reply = outcomes[0]?.outcome;
    expect(reply?.case === 'reply' && fromValue(reply.value.payload)).toEqual({ news: 1 });
    expect(await Array.fromAsync(troupe.broadcast(1, { capability: 'nothing' }))).toEqual([]);
    expect(await Array.fromAsync(troupe.broadcast(1, { labels: { zone: 'x' } }))).toEqual([]);
  });
});

describe('A pipeline', () => {
  const pipeline = {
    name: 'two',
    steps: [
      {
        name: 'first',
        capability: 'echo',
      },
      { name: 'second', capability: 'fail' },
    ],
  };

  it('tells what happens, and fails with the step that failed after the last event', async () => {
    const { address } = await mesh();
    const cases: (string | undefined)[] = [];
    const running = (async () => {
      for await (const { event } of caller(address).run(pipeline, 'in')) cases.push(event.case);
    })();
    expect(await reasonIn(running)).toBe('STEP_FAILED');
    expect(cases.length).toBeGreaterThan(2);
  });

  it('ends when its time is up', async () => {
    const { address } = await mesh();
    const hanging = { name: 'hang', steps: [{ name: 'only', capability: 'hang' }] };
    const run = Array.fromAsync(caller(address).run(hanging, null, { timeoutMs: 200 }));
    expect((await failureOf(run)).code).toBe(Code.DEADLINE_EXCEEDED);
  });
});

describe('The shared state', () => {
  it('is written, read, listed and deleted', async () => {
    const { state } = caller((await mesh()).address);
    expect(await state.get('a')).toBeUndefined();
    const { revision } = await state.set('a', { n: 1 }, { ifRevision: 0n });
    expect(await state.get('a')).toEqual({ key: 'a', value: { n: 1 }, revision });
    await state.set('b', 2, { ttlMs: 60_000 });
    const listed = await Array.fromAsync(state.list());
    expect(listed.map(({ key, value }) => [key, value])).toEqual([
      ['a', { n: 1 }],
      ['b', 2],
    ]);
    expect(listed[1]?.ttlMs).toBeGreaterThan(0);
    expect(await state.delete('a')).toBe(true);
    expect(await state.delete('a')).toBe(false);
  });

  it('refuses a write at another revision than the one asked for', async () => {
    const { state } = caller((await mesh()).address);
    await state.set('a', 1);
    expect(await reasonIn(state.set('a', 2, { ifRevision: 0n }))).toBe('REVISION_CONFLICT');
    expect(await reasonIn(state.delete('a', { ifRevision: 1n }))).toBe('REVISION_CONFLICT');
  });

  it('lists more than one page', async () => {
    const { state } = caller((await mesh()).address);
    const keys = Array.from({ length: 150 }, (_, n) => `key/${String(n).padStart(3, '0')}`);
    for (const key of keys) await state.set(key, null);
    expect((await Array.fromAsync(state.list('key/'))).map(({ key }) => key)).toEqual(keys);
  });

  it('is watched from a revision on, until the watch is left or cancelled', async () => {
    const { state } = caller((await mesh()).address);
    const { revision } = await state.set('a/1', 1);
    await state.set('b', 'elsewhere');
    await state.set('a/1', 2);
    await state.delete('a/1');
    await state.set('a/2', 3, { ttlMs: 30 });
    const changes: EntryChange[] = [];
    for await (const change of state.watch('a/', { fromRevision: revision })) {
      if (changes.push(change) === 4) break;
    }
    expect(changes.map(({ type, key, value }) => [type, key, value])).toEqual([
      ['set', 'a/1', 2],
      ['deleted', 'a/1', null],
      ['set', 'a/2', 3],
      ['expired', 'a/2', null],
    ]);
    const watched = Array.fromAsync(state.watch('a/', { signal: AbortSignal.timeout(30) }));
    expect((await failureOf(watched)).code).toBe(Code.DEADLINE_EXCEEDED);
  });
});
