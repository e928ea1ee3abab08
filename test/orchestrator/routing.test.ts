import { describe, expect, it } from 'vitest';
import { fleetOf, followed } from './fleet.ts';
import { failure, failureOf, TestMesh } from './test-mesh.ts';

const names = ['one', 'two', 'three'];

describe('a task that names labels', () => {
  const mesh = new TestMesh();

  it('goes only to instances that have all of them', async () => {
    const { orchestrator } = await fleetOf(mesh, names, { labels: { region: 'eu' } });
    const { troupe } = orchestrator;
    for (const name of [...names, ...names]) {
      const { payload } = await troupe.dispatch('fleet.work', null, { labels: { region: 'eu', name } });
      expect(payload).toBe(name);
      expect((await troupe.send('fleet', null, { labels: { name } })).payload).toBe(name);
    }
  });

  it('fails where no instance has all of them, and says which they are', async () => {
    const { orchestrator } = await fleetOf(mesh, names, { labels: { region: 'eu' } });
    const labels = { region: 'us', name: 'one' };
    const error = await failureOf(orchestrator.troupe.dispatch('fleet.work', null, { labels }));
    expect(await failure(Promise.reject(error))).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    expect(error.message).toContain('region=us, name=one');
  });

  it('fails where there are more of them than may be', async () => {
    const { orchestrator } = await fleetOf(mesh, ['one']);
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, '']));
    for (const ask of Object.values(orchestrator.ask))
      expect(await failure(ask({ capability: 'fleet.work', routing: { labels } }))).toBe(
        'INVALID_ARGUMENT / INVALID_MESSAGE',
      );
  });

  it('of an agent that calls another is held to them too', async () => {
    const { orchestrator } = await fleetOf(mesh, names);
    const handle = async (name: string, task: { call: typeof orchestrator.troupe.dispatch }) =>
      (await task.call('fleet.work', null, { labels: { name } })).payload;
    const asker = { id: 'asker', capabilities: { 'fleet.ask': { handle } } };
    await mesh.agent(asker, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('asker');
    for (const name of names)
      expect((await orchestrator.troupe.dispatch('fleet.ask', name)).payload).toBe(name);
  });
});

describe('tasks of one affinity key', () => {
  const mesh = new TestMesh();

  it('keep to one instance, and go to another one when it leaves, and to no third', async () => {
    const fleet = await fleetOf(mesh, names);
    const { troupe } = fleet.orchestrator;
    const one = async (affinityKey: string) => {
      // Fewer at once than an instance may have before its keys go elsewhere.
      const asked = Array.from({ length: 5 }, () => troupe.dispatch('fleet.work', null, { affinityKey }));
      const met = new Set((await Promise.all(asked)).map(({ payload }) => payload));
      expect(met.size).toBe(1);
      return [...met][0];
    };
    const keys = Array.from({ length: 20 }, (_, i) => `conversation ${i}`);
    const before: unknown[] = [];
    for (const key of keys) before.push(await one(key));
    // A key by itself decides: all keys together use every instance.
    expect(new Set(before)).toEqual(new Set(names));

    await fleet.leave('two');
    for (const [i, key] of keys.entries()) {
      const now = await one(key);
      if (before[i] === 'two') expect(now).not.toBe('two');
      else expect(now).toBe(before[i]);
    }
  });

  it('go elsewhere while their instance has more to do than the others', async () => {
    const { handle, begun, hasBegun } = followed();
    const { orchestrator } = await fleetOf(mesh, names, { handle });
    const all = [];
    for (let count = 1; count <= 12; count++) {
      all.push(orchestrator.troupe.dispatch('fleet.work', null, { affinityKey: 'mine' }));
      await hasBegun(count);
    }
    const [own] = begun;
    const asked = begun.map(({ name }) => name);
    expect(asked.slice(0, 8)).toEqual(Array(8).fill(own!.name));
    expect(asked.slice(8)).not.toContain(own!.name);
    for (const { finish } of begun) finish();
    await Promise.all(all);
  });
});
