import { describe, expect, it } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus } from '../../gen/grpc/health/v1/health_pb.js';
import { createClient } from '../../services/rpc/client.ts';
import { refusal } from '../protocol/refusal.ts';
import { echo, patient } from './agents.ts';
import { AGENT_WAYS, failure, TestMesh, WAYS } from './test-mesh.ts';

describe.each(AGENT_WAYS)('an orchestrator of agents by %s that drains', (agents) => {
  const mesh = new TestMesh({ agents });

  it('finishes what is in flight, by RPC and over links, and refuses what is new', async () => {
    const orchestrator = await mesh.orchestrator();
    const { rpc, troupe } = orchestrator;
    const { definition, started, finish } = patient();
    const agent = await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    const task = { message: { capability: 'patient.work' } };
    const byRpc = rpc.dispatch(task);
    const byLink = troupe.dispatch('patient.work', null);
    await started;
    const peer = await troupe.reach();
    // Once this is answered, both tasks have arrived.
    await rpc.listAgents({});
    await peer.orchestrator.listAgents({});

    const health = createClient(Health, orchestrator.channel).watch({})[Symbol.asyncIterator]();
    expect((await health.next()).value?.status).toBe(HealthCheckResponse_ServingStatus.SERVING);
    const drained = orchestrator.drain();
    expect((await health.next()).value?.status).toBe(HealthCheckResponse_ServingStatus.NOT_SERVING);
    const announcement = { agentId: 'patient', instanceId: agent.card.instanceId, address: agent.address };
    const refused = [
      rpc.dispatch(task),
      rpc.send({ message: { receiver: 'patient', type: 4 } }),
      rpc.broadcast({ message: {} }),
      rpc.dispatchStream(task),
      rpc.runPipeline({ pipeline: { steps: [{ name: 'a', capability: 'patient.work' }] } }),
      rpc.register(announcement),
    ].map(failure);
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['UNAVAILABLE / DRAINING']));
    // Whoever looks still sees.
    expect((await rpc.listAgents({})).agents).toHaveLength(1);
    finish();
    expect((await byRpc).message?.sender).toBe('patient');
    expect((await byLink).payload).toBe('finished');
    await drained;
  });

  it('tells its watchers', async () => {
    const orchestrator = await mesh.orchestrator();
    const { rpc, state } = orchestrator;
    const watches = [rpc.watchAgents({}), rpc.watchMessages({}), state.watch({})].map(failure);
    // Once this is answered, the watches have arrived.
    await rpc.listAgents({});
    await orchestrator.drain();
    expect(await Promise.all(watches)).toEqual(Array(3).fill('UNAVAILABLE / DRAINING'));
  });

  it('leaves its place to another, to which agents and callers go over', async () => {
    const first = await mesh.orchestrator();
    const { address, troupe } = first;
    const { definition, started, finish } = patient();
    await mesh.agent(definition, { orchestrators: [address] });
    await mesh.agent(echo(), { orchestrators: [address] });
    await first.knows('patient');
    await first.knows('echo');
    const result = troupe.dispatch('patient.work', null);
    await started;
    const drained = first.drain();
    finish();
    expect((await result).payload).toBe('finished');
    await drained;
    const second = await mesh.orchestrator({ listen: address });
    await second.knows('echo');
    await second.knows('patient');
    expect((await troupe.dispatch('echo.say', 1)).agent).toBe('echo');
  });

  it('can be told twice, or be cut off meanwhile', async () => {
    const orchestrator = await mesh.orchestrator();
    const { definition, started } = patient();
    await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    const end = failure(orchestrator.rpc.dispatch({ message: { capability: 'patient.work' } }));
    await started;
    const drains = [orchestrator.drain(), orchestrator.drain()];
    await orchestrator.close();
    await Promise.all(drains);
    expect(await end).toMatch(/^UNAVAILABLE/);
    await orchestrator.close();
  });

  it.each([Number.NaN, -1])('that is told to within %d ms refuses, and goes on serving', async (graceMs) => {
    const orchestrator = await mesh.joinedBy(echo());
    expect((await refusal(() => orchestrator.drain(graceMs))).reason).toBe('INVALID_MESSAGE');
    expect((await orchestrator.troupe.dispatch('echo.say', 1)).agent).toBe('echo');
  });

  it('is refused a port at which another one listens', async () => {
    const { address } = await mesh.orchestrator();
    expect(await failure(mesh.orchestrator({ listen: address }))).toBe('UNAVAILABLE');
  });
});

describe.each(WAYS)('an orchestrator that drains, with a task by $caller for an agent by $agent,', (way) => {
  const mesh = new TestMesh({ agents: way.agent });

  it('refuses it where it is new', async () => {
    const { definition, started, finish } = patient();
    const orchestrator = await mesh.joinedBy(definition);
    const task = { capability: 'patient.work' };
    const first = orchestrator.ask[way.caller](task);
    await started;
    const drained = orchestrator.drain();
    expect(await failure(orchestrator.ask[way.caller](task))).toBe('UNAVAILABLE / DRAINING');
    finish();
    expect((await first).sender).toBe('patient');
    await drained;
  });

  it('cuts it off when it is not finished in time', async () => {
    const { definition, started, stopped } = patient();
    const orchestrator = await mesh.joinedBy(definition);
    const end = failure(orchestrator.ask[way.caller]({ capability: 'patient.work' }));
    await started;
    await orchestrator.drain(100);
    expect(await end).toMatch(/^UNAVAILABLE/);
    expect(await stopped).toMatch(/cancel/);
  });
});
