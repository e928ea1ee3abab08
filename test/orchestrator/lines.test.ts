import { describe, expect, it } from 'vitest';
import { type FleetOptions, fleetOf, followed, until } from './fleet.ts';
import { failure, TestMesh } from './test-mesh.ts';

const onOne = { labels: { name: 'one' } };
const onTwo = { labels: { name: 'two' } };

describe('tasks that ask for labels', () => {
  const mesh = new TestMesh();

  /** Instances that take one task at once, of which `one` has a task, `held`, and a test follows what they do. */
  async function busyOne(names = ['one', 'two'], options: FleetOptions = {}) {
    const work = followed();
    const fleet = await fleetOf(mesh, names, { maxConcurrency: 1, handle: work.handle, ...options });
    const { troupe } = fleet.orchestrator;
    const held = troupe.dispatch('fleet.work', 'held', onOne);
    await work.hasBegun(1);
    return { ...work, fleet, troupe, held };
  }

  /** Goes on asking for something else until so many milliseconds have passed. */
  async function pass(ms: number, ask: () => Promise<unknown>): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end; ) await ask();
  }

  it('all get done at the instance that has them, however quick others pass by', async () => {
    const { fleet, troupe, held, begun, hasBegun } = await busyOne();
    const waiting = Array.from({ length: 3 }, () => troupe.dispatch('fleet.work', 'waiting', onOne));
    await until(() => fleet.waiting(onOne.labels), 3);
    const quick = troupe.dispatch('fleet.work', 'quick', onTwo);
    await hasBegun(2);
    begun[1]!.finish();
    await quick;
    // Longer than a queue may stand before it counts as one that does not empty.
    const other = troupe.dispatch('fleet.work', 'other', onTwo);
    await hasBegun(3);
    await pass(200, () => fleet.waiting());
    begun[2]!.finish();
    expect((await other).payload).toBe('two');
    for (let next = 0; next < 6; next++) {
      await hasBegun(next + 1);
      begun[next]!.finish();
    }
    const ends = await Promise.all([held, ...waiting]);
    expect(ends.map(({ payload }) => payload)).toEqual(Array(4).fill('one'));
  });

  it('are in nobody’s way who may go elsewhere, however many of them wait', async () => {
    const { fleet, troupe, held, begun, hasBegun } = await busyOne();
    const cancel = new AbortController();
    const options = { ...onOne, signal: cancel.signal };
    const waiting = Array.from({ length: 1_000 }, () =>
      failure(troupe.dispatch('fleet.work', null, options)),
    );
    await until(() => fleet.waiting(onOne.labels), 1_000);
    expect([await fleet.waiting(), await fleet.waiting(onTwo.labels)]).toEqual([0, 0]);
    for (const elsewhere of [onTwo, {}]) {
      const other = troupe.dispatch('fleet.work', 'other', elsewhere);
      await hasBegun(begun.length + 1);
      begun.at(-1)!.finish();
      expect((await other).payload).toBe('two');
    }
    cancel.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['CANCELLED / TASK_CANCELLED']));
    await until(() => fleet.waiting(onOne.labels), 0);
    begun[0]!.finish();
    await held;
  });

  it('take turns with those that ask for none, where they wait for the same instance', async () => {
    const { fleet, troupe, held, begun, hasBegun } = await busyOne(['one']);
    const any = ['any 1', 'any 2', 'any 3'].map((input) => troupe.dispatch('fleet.work', input));
    await until(() => fleet.waiting(), 3);
    const labelled = ['its 1', 'its 2'].map((input) => troupe.dispatch('fleet.work', input, onOne));
    await until(() => fleet.waiting(onOne.labels), 2);
    // Longer than a queue may stand: neither line has seen a task end.
    await pass(150, () => fleet.waiting());
    for (let next = 0; next < 6; next++) {
      await hasBegun(next + 1);
      begun[next]!.finish();
    }
    await Promise.all([held, ...any, ...labelled]);
    expect(begun.map(({ input }) => input)).toEqual(['held', 'any 1', 'its 1', 'any 2', 'its 2', 'any 3']);
  });

  it('wait together whichever way round their labels stand', async () => {
    const { fleet, troupe, held, begun, hasBegun } = await busyOne(['one'], { labels: { zone: 'a' } });
    const waiting = [
      { zone: 'a', name: 'one' },
      { name: 'one', zone: 'a' },
    ].map((labels) => troupe.dispatch('fleet.work', null, { labels }));
    await until(() => fleet.waiting({ zone: 'a', name: 'one' }), 2);
    expect(await fleet.waiting({ name: 'one', zone: 'a' })).toBe(2);
    expect(await fleet.waiting({ zone: 'a' })).toBe(0);
    for (let next = 0; next < 3; next++) {
      await hasBegun(next + 1);
      begun[next]!.finish();
    }
    await Promise.all([held, ...waiting]);
  });

  it('wait with those that ask for none where they are of more kinds than there are lines, until one is idle', async () => {
    const keys = Array.from({ length: 63 }, (_, n) => `key ${n}`);
    const labels = Object.fromEntries(keys.map((key) => [key, 'yes']));
    const { fleet, troupe, held, begun, hasBegun } = await busyOne(['one', 'two'], { labels });
    const kinds = keys.map((key) => ({ name: 'one', [key]: 'yes' }));
    const cancel = new AbortController();
    const { signal } = cancel;
    const waiting = kinds.map((kind) =>
      failure(troupe.dispatch('fleet.work', null, { labels: kind, signal })),
    );
    for (const kind of kinds) await until(() => fleet.waiting(kind), 1);
    const further = { labels: { ...kinds[0]!, ...kinds[1]! } };
    const left = troupe.dispatch('fleet.work', 'further', further);
    await until(() => fleet.waiting(), 1);
    // It is let in before this one, finds no room at its instance, and waits on.
    const other = troupe.dispatch('fleet.work', 'other');
    await hasBegun(2);
    expect([begun[1]!.name, await fleet.waiting()]).toEqual(['two', 1]);
    cancel.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['CANCELLED / TASK_CANCELLED']));
    for (const kind of kinds) await until(() => fleet.waiting(kind), 0);
    begun[0]!.finish();
    await hasBegun(3);
    expect([begun[2]!.name, begun[2]!.input]).toEqual(['one', 'further']);
    // Those that nobody uses have made room.
    const last = troupe.dispatch('fleet.work', 'last', further);
    await until(() => fleet.waiting(further.labels), 1);
    expect(await fleet.waiting()).toBe(0);
    begun[2]!.finish();
    await hasBegun(4);
    for (const { finish } of begun) finish();
    const ends = await Promise.all([held, left, other, last]);
    expect(ends.map(({ payload }) => payload)).toEqual(['one', 'one', 'two', 'one']);
  });

  it('fail when the last instance that has them leaves, though others stay that are busy', async () => {
    const { fleet, troupe, held, begun, hasBegun } = await busyOne();
    const other = troupe.dispatch('fleet.work', 'other', onTwo);
    await hasBegun(2);
    const lost = failure(held);
    const waiting = failure(troupe.dispatch('fleet.work', 'waiting', onOne));
    await until(() => fleet.waiting(onOne.labels), 1);
    await fleet.instances.get('one')!.close();
    expect(await waiting).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    expect(await lost).toBe('UNAVAILABLE / INSTANCE_LOST');
    begun[1]!.finish();
    await other;
  });
});
