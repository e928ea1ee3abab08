import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { fleetOf, followed, until } from './fleet.ts';
import { failure, failureOf, TestMesh } from './test-mesh.ts';

describe('tasks for instances that set max_concurrency', () => {
  const mesh = new TestMesh();

  it('wait for room where there are more of them than fit; none is refused, and all end', async () => {
    const running = new Map<string, number>();
    let most = 0;
    const handle = async (name: string) => {
      const now = (running.get(name) ?? 0) + 1;
      running.set(name, now);
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      running.set(name, running.get(name)! - 1);
      return name;
    };
    const { orchestrator } = await fleetOf(mesh, ['one', 'two'], { maxConcurrency: 2, handle });
    const { troupe } = orchestrator;
    const ends = await Promise.all(Array.from({ length: 12 }, () => troupe.dispatch('fleet.work', null)));
    // An instance that is given too much refuses, and the task is tried again.
    expect(ends.map(({ attempt }) => attempt)).toEqual(Array(12).fill(1));
    expect(new Set(ends.map(({ payload }) => payload))).toEqual(new Set(['one', 'two']));
    expect(most).toBe(2);
  });

  it('wait for the instances that have their labels, while others have room', async () => {
    const { handle, begun, hasBegun } = followed();
    const fleet = await fleetOf(mesh, ['one', 'two'], { maxConcurrency: 1, handle });
    const { troupe } = fleet.orchestrator;
    const onOne = { labels: { name: 'one' } };
    const first = troupe.dispatch('fleet.work', 1, onOne);
    await hasBegun(1);
    const second = troupe.dispatch('fleet.work', 2, onOne);
    await until(() => fleet.waiting(onOne.labels), 1);
    const other = troupe.dispatch('fleet.work', 3);
    await hasBegun(2);
    expect(begun.map(({ name, input }) => `${input} at ${name}`)).toEqual(['1 at one', '3 at two']);
    begun[0]!.finish();
    await hasBegun(3);
    for (const { finish } of begun) finish();
    const ends = await Promise.all([first, second, other]);
    expect(ends.map(({ payload }) => payload)).toEqual(['one', 'one', 'two']);
  });

  it('take turns by their callers', async () => {
    const order: unknown[] = [];
    const handle = async (_: string, __: unknown, input: unknown) => {
      order.push(input);
      await new Promise((resolve) => setImmediate(resolve));
      return null;
    };
    const { orchestrator } = await fleetOf(mesh, ['one'], { maxConcurrency: 1, handle });
    const task = (sender: string, text: string) =>
      orchestrator.ask.Link({
        sender,
        capability: 'fleet.work',
        payload: { kind: { case: 'stringValue', value: text } },
      });
    const many = ['a1', 'a2', 'a3', 'a4'].map((text) => task('a', text));
    await Promise.all([...many, task('b', 'b1')]);
    expect(order).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });
});

describe('a task that waits for room', () => {
  const mesh = new TestMesh();

  /** One instance that works on one task, `held`, and takes no more. */
  async function full() {
    const { handle, begun, hasBegun } = followed();
    const fleet = await fleetOf(mesh, ['one'], { maxConcurrency: 1, handle });
    const held = fleet.orchestrator.troupe.dispatch('fleet.work', 'held');
    await hasBegun(1);
    return { fleet, troupe: fleet.orchestrator.troupe, held, job: begun[0]!, begun, hasBegun };
  }

  it('is given up when its caller cancels it', async () => {
    const { fleet, troupe, held, job, begun } = await full();
    const cancel = new AbortController();
    const waiting = failure(troupe.dispatch('fleet.work', 'waiting', { signal: cancel.signal }));
    await until(() => fleet.waiting(), 1);
    cancel.abort();
    expect(await waiting).toBe('CANCELLED / TASK_CANCELLED');
    await until(() => fleet.waiting(), 0);
    job.finish();
    await held;
    expect(begun).toHaveLength(1);
  });

  it('expires when its time is up, and is not worked on', async () => {
    const { fleet, held, job, begun } = await full();
    const ttl = { nanos: 100_000_000 };
    const { ask } = fleet.orchestrator;
    expect(await failure(ask.Link({ capability: 'fleet.work', ttl }))).toBe(
      'DEADLINE_EXCEEDED / MESSAGE_EXPIRED',
    );
    job.finish();
    await held;
    expect(begun).toHaveLength(1);
  });

  it('fails when the last instance leaves, however long it has waited', async () => {
    const { fleet, troupe, held } = await full();
    const lost = failure(held);
    const waiting = failure(troupe.dispatch('fleet.work', 'waiting'));
    await until(() => fleet.waiting(), 1);
    // Longer than a queue may stand before it counts as one that does not empty.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await fleet.instances.get('one')!.close();
    expect(await waiting).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    expect(await lost).toBe('UNAVAILABLE / INSTANCE_LOST');
  });

  it('goes to an instance that comes', async () => {
    const { fleet, troupe, held, begun, hasBegun } = await full();
    const waiting = troupe.dispatch('fleet.work', 'waiting');
    await until(() => fleet.waiting(), 1);
    await fleet.join('two');
    await hasBegun(2);
    for (const { finish } of begun) finish();
    expect((await waiting).payload).toBe('two');
    expect((await held).payload).toBe('one');
  });

  it('is refused at once where it could not end in time, and told when to come back', async () => {
    const handle = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return null;
    };
    const fleet = await fleetOf(mesh, ['one'], { maxConcurrency: 1, handle });
    const { ask, troupe } = fleet.orchestrator;
    await troupe.dispatch('fleet.work', 'tells how long one takes');
    const held = troupe.dispatch('fleet.work', 'held');
    await until(async () => (await troupe.explain('fleet.work'))[0]!.inFlight, 1);
    const error = await failureOf(ask.Link({ capability: 'fleet.work', ttl: { nanos: 250_000_000 } }));
    expect(await failure(Promise.reject(error))).toBe('RESOURCE_EXHAUSTED / OVERLOADED');
    const retry = error.details.flatMap((detail) => anyUnpack(detail, RetryInfoSchema) ?? []);
    expect(Number(retry[0]!.retryDelay!.nanos)).toBeGreaterThan(250_000_000);
    expect(await fleet.waiting()).toBe(0);
    await held;
  });
});
