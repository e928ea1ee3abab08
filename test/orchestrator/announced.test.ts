import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { DiscoverySource } from '../../gen/troupe/v1/roster_pb.js';
import { echo, patient } from './agents.ts';
import { failure, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();

describe('an agent that announces itself', () => {
  it('joins with its card, its lease and where it came from', async () => {
    const orchestrator = await mesh.orchestrator();
    const agent = await mesh.agent(echo(), { orchestrators: [orchestrator.address] });
    const { instances, status, capabilities } = await orchestrator.knows('echo');
    expect({ status, capabilities }).toEqual({ status: AgentStatus.IDLE, capabilities: ['echo.say'] });
    expect(instances).toHaveLength(1);
    const [instance] = instances;
    expect(instance).toMatchObject({
      instanceId: agent.card.instanceId,
      address: agent.address,
      source: DiscoverySource.ANNOUNCED,
    });
    const { agent: now } = await orchestrator.rpc.getAgent({ agentId: 'echo' });
    const lease = Number(now?.instances[0]?.lease?.seconds);
    expect(lease).toBeGreaterThan(10);
    expect(lease).toBeLessThanOrEqual(15);
  });

  it('takes nothing new when it drains, finishes what is in flight, and leaves', async () => {
    const orchestrator = await mesh.orchestrator();
    const { definition, started, finish } = patient();
    const agent = await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    const result = orchestrator.troupe.dispatch('patient.work', null);
    await started;
    const drained = agent.drain();
    await orchestrator.shows('patient', (now) => now?.status === AgentStatus.DRAINING);
    const task = { message: { capability: 'patient.work' } };
    expect(await failure(orchestrator.rpc.dispatch(task))).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    finish();
    expect((await result).payload).toBe('finished');
    await drained;
    await orchestrator.shows('patient', (now) => now === undefined);
  });

  it('finishes a silent task while it drains, however long the link keeps quiet', async () => {
    const orchestrator = await mesh.orchestrator();
    const { definition, started, finish } = patient();
    const agent = await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    const result = orchestrator.troupe.dispatch('patient.work', null);
    await started;
    const drained = agent.drain();
    // Longer than the second of silence and the second for an answer that a link grants.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    finish();
    expect((await result).payload).toBe('finished');
    await drained;
  });

  it('goes OFFLINE at once when it dies without farewell, and leaves after the grace time', async () => {
    const orchestrator = await mesh.orchestrator({ leaseMs: 300, offlineGraceMs: 500 });
    const member = await mesh.member();
    await orchestrator.rpc.register({
      agentId: 'stranger',
      instanceId: 'stranger-1',
      address: member.address,
    });
    await orchestrator.knows('stranger');
    member.close();
    const agent = await orchestrator.shows('stranger', (now) => now?.status === AgentStatus.OFFLINE);
    expect(agent?.instances).toHaveLength(1);
    const task = { message: { capability: 'strange.work' } };
    expect(await failure(orchestrator.rpc.dispatch(task))).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    await orchestrator.shows('stranger', (now) => now === undefined);
  });

  it('goes when its lease runs out, though it can still be reached', async () => {
    const orchestrator = await mesh.orchestrator({ leaseMs: 300, offlineGraceMs: 300 });
    const member = await mesh.member();
    await orchestrator.rpc.register({
      agentId: 'stranger',
      instanceId: 'stranger-1',
      address: member.address,
    });
    await orchestrator.knows('stranger');
    await orchestrator.shows('stranger', (now) => now?.status === AgentStatus.OFFLINE);
    await orchestrator.shows('stranger', (now) => now === undefined);
  });

  it('finishes what is in flight though its lease has run out', async () => {
    const orchestrator = await mesh.orchestrator({ leaseMs: 300 });
    const { definition, started, finish } = patient();
    const { card, address } = await mesh.agent(definition);
    await orchestrator.rpc.register({ agentId: 'patient', instanceId: card.instanceId, address });
    const result = orchestrator.troupe.dispatch('patient.work', null);
    await started;
    await orchestrator.shows('patient', (now) => now?.status === AgentStatus.OFFLINE);
    finish();
    expect((await result).payload).toBe('finished');
  });

  it('stays over many leases while it renews them', async () => {
    const orchestrator = await mesh.orchestrator({ leaseMs: 150, offlineGraceMs: 50 });
    const agent = await mesh.agent(echo(), { orchestrators: [orchestrator.address] });
    await orchestrator.knows('echo');
    const events: number[] = [];
    const left = new AbortController();
    const watch = (async () => {
      for await (const { event } of orchestrator.rpc.watchAgents({}, { signal: left.signal }))
        events.push(event!.type);
    })().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 600));
    left.abort();
    await watch;
    // PRESENT and SYNCED: nothing has changed since.
    expect(events).toEqual([1, 2]);
    expect((await orchestrator.troupe.dispatch('echo.say', 1)).agent).toBe(agent.card.id);
  });

  it('is known again within one lease to an orchestrator that was restarted, and its callers reconnect', async () => {
    const first = await mesh.orchestrator();
    const { address, troupe } = first;
    await mesh.agent(echo(), { orchestrators: [address] });
    await first.knows('echo');
    expect((await troupe.dispatch('echo.say', 1)).payload).toEqual({ by: 'echo', said: 1 });
    await first.close();
    const second = await mesh.orchestrator({ listen: address });
    await second.knows('echo');
    expect((await troupe.dispatch('echo.say', 2)).payload).toEqual({ by: 'echo', said: 2 });
  });

  it('is one of several instances, each of which gets tasks', async () => {
    const orchestrator = await mesh.orchestrator();
    const orchestrators = [orchestrator.address];
    const instanceIds = ['one', 'two', 'three'];
    for (const instanceId of instanceIds) await mesh.agent(echo(), { orchestrators, instanceId });
    const agent = await orchestrator.shows('echo', (now) => now?.instances.length === 3);
    expect(agent?.instances.map(({ instanceId }) => instanceId).sort()).toEqual([...instanceIds].sort());
    const asked = new Set<string>();
    while (asked.size < instanceIds.length) {
      const response = await orchestrator.rpc.dispatch({ message: { capability: 'echo.say' } });
      expect(instanceIds).toContain(response.instanceId);
      asked.add(response.instanceId);
    }
  });
});
