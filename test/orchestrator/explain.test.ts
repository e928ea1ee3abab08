import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { fleetOf, followed } from './fleet.ts';
import { failure, TestMesh } from './test-mesh.ts';

describe('ExplainRoute tells where a task would go, and of every other instance why not:', () => {
  const mesh = new TestMesh();

  it('LABELS, it lacks some', async () => {
    const fleet = await fleetOf(mesh, ['one', 'two', 'three']);
    expect(await fleet.explain({ labels: { name: 'two' } })).toEqual({
      one: 'LABELS',
      two: 'CHOSEN',
      three: 'LABELS',
    });
  });

  it('OFFLINE, it cannot be reached', async () => {
    const card = { id: 'fleet', capabilities: [{ name: 'fleet.work' }] };
    const one = await mesh.member({ card: { ...card, instanceId: 'one' } });
    const two = await mesh.member({ card: { ...card, instanceId: 'two' } });
    const { troupe, shows } = await mesh.orchestrator({ static: [one.address, two.address] });
    await shows('fleet', (agent) => agent?.instances.length === 2);
    one.close();
    await shows('fleet', (agent) => agent!.instances.some(({ status }) => status === AgentStatus.OFFLINE));
    const [chosen, other] = await troupe.explain({ receiver: 'fleet' });
    expect(chosen).toMatchObject({ instanceId: 'two', address: two.address, chosen: true, notChosen: 0 });
    expect(other).toMatchObject({
      instanceId: 'one',
      status: AgentStatus.OFFLINE,
      chosen: false,
      notChosen: 1,
    });
  });

  it('DRAINING, it is about to leave', async () => {
    const { handle, begun, hasBegun } = followed();
    const fleet = await fleetOf(mesh, ['one', 'two'], { handle });
    const held = fleet.orchestrator.troupe.dispatch('fleet.work', null, { labels: { name: 'one' } });
    await hasBegun(1);
    const drained = fleet.leave('one');
    await fleet.orchestrator.shows('fleet', (agent) =>
      agent!.instances.some(({ status }) => status === AgentStatus.DRAINING),
    );
    expect(await fleet.explain()).toEqual({ one: 'DRAINING', two: 'CHOSEN' });
    begun[0]!.finish();
    await Promise.all([held, drained]);
    expect(await fleet.explain()).toEqual({ two: 'CHOSEN' });
  });

  it('AT_CAPACITY, it has as much as it takes', async () => {
    const { handle, begun, hasBegun } = followed();
    const fleet = await fleetOf(mesh, ['one', 'two'], { handle, maxConcurrency: 1 });
    const { troupe } = fleet.orchestrator;
    const held = [troupe.dispatch('fleet.work', null, { labels: { name: 'one' } })];
    await hasBegun(1);
    expect(await fleet.explain()).toEqual({ one: 'AT_CAPACITY', two: 'CHOSEN' });
    const [chosen, other] = await troupe.explain('fleet.work');
    expect(chosen).toMatchObject({ inFlight: 0, limit: 1 });
    expect(other).toMatchObject({ inFlight: 1, limit: 1 });
    held.push(troupe.dispatch('fleet.work', null));
    await hasBegun(2);
    expect(await fleet.explain()).toEqual({ one: 'AT_CAPACITY', two: 'AT_CAPACITY' });
    for (const { finish } of begun) finish();
    await Promise.all(held);
  });

  it('EJECTED, it failed too often', async () => {
    const handle = (name: string) => {
      if (name === 'one') throw new RpcError(Code.INTERNAL, 'The disk is full.');
      return name;
    };
    const fleet = await fleetOf(mesh, ['one', 'two'], { handle });
    const { troupe } = fleet.orchestrator;
    for (let i = 0; i < 5; i++)
      await failure(troupe.dispatch('fleet.work', null, { labels: { name: 'one' } }));
    expect(await fleet.explain()).toEqual({ one: 'EJECTED', two: 'CHOSEN' });
    expect(await fleet.explain({ labels: { name: 'one' } })).toEqual({ one: 'CHOSEN', two: 'LABELS' });
  });

  it('AFFINITY, the key belongs to another', async () => {
    const fleet = await fleetOf(mesh, ['one', 'two', 'three']);
    const { payload } = await fleet.orchestrator.troupe.dispatch('fleet.work', null, { affinityKey: 'mine' });
    const explained = await fleet.explain({ affinityKey: 'mine' });
    expect(explained[payload as string]).toBe('CHOSEN');
    expect(Object.values(explained).sort()).toEqual(['AFFINITY', 'AFFINITY', 'CHOSEN']);
  });

  it('HIGHER_COST, one more task on it costs more', async () => {
    const fleet = await fleetOf(mesh, ['one', 'two']);
    const { troupe } = fleet.orchestrator;
    for (const name of ['one', 'two']) await troupe.dispatch('fleet.work', null, { labels: { name } });
    const [chosen, other] = await troupe.explain('fleet.work');
    expect(chosen).toMatchObject({ chosen: true, notChosen: 0, failureShare: 0 });
    expect(other).toMatchObject({ chosen: false, notChosen: 8 });
    expect(other!.scoreMs).toBeGreaterThan(chosen!.scoreMs);
    expect(chosen!.scoreMs).toBe(chosen!.latencyMs);
  });

  it('and fails where nobody is known who could have it', async () => {
    const { troupe } = (await fleetOf(mesh, ['one'])).orchestrator;
    const short = { timeoutMs: 500 };
    expect(await failure(troupe.explain('fleet.rest', short))).toBe('NOT_FOUND / CAPABILITY_NOT_FOUND');
    expect(await failure(troupe.explain({ receiver: 'flet' }, short))).toBe('NOT_FOUND / AGENT_NOT_FOUND');
    expect(await failure(troupe.explain({}))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    const affinityKey = 'x'.repeat(257);
    expect(await failure(troupe.explain('fleet.work', { affinityKey }))).toBe(
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    );
  });
});
