import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../services/agent/index.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import type { JsonValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { fleetOf, followed, until } from './fleet.ts';
import { TestMesh } from './test-mesh.ts';

describe('an instance that fails while another works', () => {
  const mesh = new TestMesh();

  /** Two instances, of which `ill` throws what it is told to, and how often each was asked. */
  async function withOneIll(idempotent = false) {
    const asked = { ill: 0, well: 0 };
    const illness: { thrown: unknown } = { thrown: undefined };
    const handle = (name: string) => {
      asked[name as keyof typeof asked]++;
      if (name === 'ill' && illness.thrown) throw illness.thrown;
      return name;
    };
    const fleet = await fleetOf(mesh, ['ill', 'well'], { handle, idempotent });
    const { troupe } = fleet.orchestrator;
    // Who asks until something is so must not ask on after the test.
    let isOver = false;
    mesh.defer(() => {
      isOver = true;
    });
    const ask = (labels?: Record<string, string>) =>
      troupe.dispatch('fleet.work', null, labels && { labels }).then(
        ({ payload }) => payload,
        (error) => {
          if (isOver) throw error;
          return 'failed';
        },
      );
    const askMany = (count: number) => Promise.all(Array.from({ length: count }, () => ask()));
    return { ...fleet, fleet, asked, illness, ask, askMany };
  }

  /** Two instances that work for so long, have done so for a while, and are asked for a time of the one named `ill`. */
  async function withOneWorking(workMs: number) {
    const handle = async (_: string, { signal }: TaskContext, input: JsonValue) => {
      await sleep(input === 'for ever' ? 60_000 : workMs, undefined, { signal });
      return null;
    };
    const fleet = await fleetOf(mesh, ['ill', 'well'], { handle });
    const { troupe } = fleet.orchestrator;
    const ask = (input: JsonValue, timeoutMs: number) =>
      troupe.dispatch('fleet.work', input, { labels: { name: 'ill' }, timeoutMs }).catch(reasonOf);
    await Promise.all(Array.from({ length: 40 }, () => troupe.dispatch('fleet.work', null)));
    return { fleet, ask };
  }

  it('by its own fault is ejected; its tasks go to the others; it comes back once it works', async () => {
    const { fleet, asked, illness, ask, askMany } = await withOneIll();
    illness.thrown = new RpcError(Code.INTERNAL, 'The disk is full.');
    while ((await fleet.explain()).ill !== 'EJECTED') await ask();
    expect(asked.ill).toBeGreaterThanOrEqual(4);
    expect(await askMany(20)).toEqual(Array(20).fill('well'));
    const candidates = await fleet.orchestrator.troupe.explain('fleet.work');
    expect(candidates.find(({ instanceId }) => instanceId === 'ill')!.failureShare).toBeGreaterThan(0.3);

    // Its probe fails, and it stays out.
    const before = asked.ill;
    while (asked.ill === before) await ask();
    expect((await fleet.explain()).ill).toBe('EJECTED');

    illness.thrown = undefined;
    while ((await ask()) !== 'ill');
    expect((await fleet.explain()).ill).not.toBe('EJECTED');
  });

  it('is ejected though its callers hear nothing of it, where the capability is idempotent', async () => {
    const { fleet, illness, ask } = await withOneIll(true);
    illness.thrown = new RpcError(Code.UNAVAILABLE, 'The disk is gone.');
    const heard = new Set<unknown>();
    while ((await fleet.explain()).ill !== 'EJECTED') heard.add(await ask());
    expect(heard).toEqual(new Set(['well']));
  });

  it('still gets the tasks that only it may have', async () => {
    const { fleet, asked, illness, ask } = await withOneIll();
    illness.thrown = new RpcError(Code.INTERNAL, 'The disk is full.');
    while ((await fleet.explain()).ill !== 'EJECTED') await ask({ name: 'ill' });
    const before = asked.ill;
    expect(await ask({ name: 'ill' })).toBe('failed');
    expect(asked.ill).toBe(before + 1);
    illness.thrown = undefined;
    expect(await ask({ name: 'ill' })).toBe('ill');
  });

  it('is tried once its time is over by a task that waits for room, though nothing else happens', async () => {
    const { handle, hasBegun, begun } = followed();
    let isIll = true;
    const fleet = await fleetOf(mesh, ['ill', 'well'], {
      maxConcurrency: 1,
      handle: (name, task, input) => {
        if (name !== 'ill') return handle(name, task, input);
        if (isIll) throw new RpcError(Code.INTERNAL, 'The disk is full.');
        return name;
      },
    });
    const { troupe } = fleet.orchestrator;
    const ask = (labels?: Record<string, string>) =>
      troupe.dispatch('fleet.work', null, { timeoutMs: 10_000, ...(labels && { labels }) });
    while ((await fleet.explain()).ill !== 'EJECTED') await ask({ name: 'ill' }).catch(() => {});
    isIll = false;

    const onWell = { name: 'well' };
    const held = ask(onWell);
    await hasBegun(1);
    const next = ask(onWell);
    await until(() => fleet.waiting(onWell), 1);
    expect((await ask()).payload).toBe('ill');
    // Who may not go there waits on.
    expect(begun).toHaveLength(1);
    begun[0]!.finish();
    await hasBegun(2);
    begun[1]!.finish();
    await Promise.all([held, next]);
  });

  it('because its handler does, is not ejected: the tasks are to blame', async () => {
    const { fleet, asked, illness, ask } = await withOneIll();
    illness.thrown = new Error('That is no number.');
    for (let i = 0; i < 20; i++) expect(await ask({ name: 'ill' })).toBe('failed');
    expect(asked.ill).toBe(20);
    expect(Object.values(await fleet.explain())).not.toContain('EJECTED');
    const candidates = await fleet.orchestrator.troupe.explain('fleet.work');
    expect(candidates.map(({ failureShare }) => failureShare)).toEqual([0, 0]);
  });

  it('as all others do, is not ejected: what fails everywhere is the fault of none', async () => {
    const handle = () => {
      throw new RpcError(Code.INTERNAL, 'The database is down.');
    };
    const fleet = await fleetOf(mesh, ['one', 'two'], { handle });
    const { troupe } = fleet.orchestrator;
    for (let i = 0; i < 40; i++) {
      const labels = { name: i % 2 === 0 ? 'one' : 'two' };
      await troupe.dispatch('fleet.work', null, { labels }).catch(() => {});
    }
    expect(Object.values(await fleet.explain())).not.toContain('EJECTED');
  });

  it('because it does not answer in a time that is enough, is ejected', async () => {
    const { fleet, ask } = await withOneWorking(20);
    while ((await fleet.explain()).ill !== 'EJECTED') await ask('for ever', 800);
  });

  it('because its caller gives too little time, is not ejected', async () => {
    const { fleet, ask } = await withOneWorking(500);
    const reasons = new Set<unknown>();
    for (let i = 0; i < 20; i++) reasons.add(await ask('as usual', 30));
    expect(reasons).toContain('TASK_TIMED_OUT');
    expect(Object.values(await fleet.explain())).not.toContain('EJECTED');
    const candidates = await fleet.orchestrator.troupe.explain('fleet.work');
    expect(candidates.map(({ failureShare }) => failureShare)).toEqual([0, 0]);
  });
});
