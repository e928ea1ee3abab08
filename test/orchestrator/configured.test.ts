import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { DiscoverySource } from '../../gen/troupe/v1/roster_pb.js';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { echo } from './agents.ts';
import { startSwitch } from './switch.ts';
import { failure, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();
const isOnline = ({ status }: { status: AgentStatus }) => status !== AgentStatus.OFFLINE;

/** A port at which nothing listens now. */
async function freeAddress(): Promise<string> {
  const member = await mesh.member();
  member.close();
  return member.address;
}

describe('a static address', () => {
  it('is looked after until its agent comes', async () => {
    const address = await freeAddress();
    const orchestrator = await mesh.orchestrator({ static: [address] });
    expect((await orchestrator.rpc.listAgents({})).agents).toEqual([]);
    await mesh.agent(echo(), { listen: address });
    const agent = await orchestrator.knows('echo');
    expect(agent.instances).toMatchObject([{ address, source: DiscoverySource.STATIC }]);
    expect(agent.instances[0]?.lease).toBeUndefined();
  });

  it('gets the new instance of an agent that restarts, in the place of the old one', async () => {
    const old = await mesh.agent(echo(), { instanceId: 'old' });
    const { address } = old;
    const orchestrator = await mesh.orchestrator({ static: [address] });
    await orchestrator.knows('echo');
    await old.close();
    await orchestrator.shows('echo', (now) => now?.status === AgentStatus.OFFLINE);
    await mesh.agent(echo(), { listen: address, instanceId: 'new' });
    const { instances } = await orchestrator.knows('echo');
    expect(instances).toMatchObject([{ instanceId: 'new', address }]);
  });

  it('is written in any form that means the same', async () => {
    const { address } = await mesh.agent(echo());
    const port = address.slice(address.lastIndexOf(':') + 1);
    const orchestrator = await mesh.orchestrator({ static: [`[::ffff:127.0.0.1]:${port}`, address] });
    const { instances } = await orchestrator.knows('echo');
    expect(instances).toMatchObject([{ address }]);
  });

  it('that cannot be dialled is refused at the start', async () => {
    const start = mesh.orchestrator({ static: ['nonsense'] });
    await expect(start).rejects.toBeInstanceOf(RpcError);
    expect(await failure(mesh.orchestrator({ static: ['host:99999'] }))).toBe('INVALID_ARGUMENT');
  });

  it('brings an agent back that said farewell and stayed', async () => {
    const agent = await mesh.agent(echo());
    const orchestrator = await mesh.orchestrator({ static: [agent.address] });
    await orchestrator.knows('echo');
    await orchestrator.rpc.deregister({ agentId: 'echo', instanceId: agent.card.instanceId });
    await orchestrator.knows('echo');
    const address = agent.address;
    await orchestrator.rpc.register({ agentId: 'echo', instanceId: agent.card.instanceId, address });
    expect((await orchestrator.troupe.dispatch('echo.say', 1)).agent).toBe('echo');
  });
});

describe('a DNS name', () => {
  it('leads to the agent at one of its addresses', async () => {
    const { address } = await mesh.agent(echo());
    const port = address.slice(address.lastIndexOf(':') + 1);
    const orchestrator = await mesh.orchestrator({ dns: [`localhost:${port}`] });
    const agent = await orchestrator.knows('echo');
    expect(agent.instances).toMatchObject([{ address, source: DiscoverySource.DNS }]);
    expect((await orchestrator.troupe.dispatch('echo.say', 1)).agent).toBe('echo');
  });
});

describe('an instance that is found in several ways', () => {
  it('is listed once, and none of the ways disturbs another', async () => {
    const address = await freeAddress();
    const orchestrator = await mesh.orchestrator({ static: [address], leaseMs: 300 });
    const options = { listen: address, orchestrators: [orchestrator.address] };
    const agent = await mesh.agent(echo(), options);
    await orchestrator.knows('echo');
    const lease = async () =>
      (await orchestrator.rpc.getAgent({ agentId: 'echo' })).agent?.instances[0]?.lease;
    await expect.poll(lease).toBeDefined();
    const statuses = await statusesWhile(orchestrator, 700);
    expect(statuses).toEqual([AgentStatus.IDLE]);
    await agent.drain();
    // The operator's word stands: its address is looked after still, and shown without a live instance at the
    // most.
    await orchestrator.shows('echo', (now) => !now?.instances.some(isOnline));
  });

  it('under several addresses is listed once, and stays as it is while one of them goes', async () => {
    const agent = await mesh.agent(echo(), { listen: '[::]:0' });
    const port = agent.address.slice(agent.address.lastIndexOf(':') + 1);
    const addresses = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
    const orchestrator = await mesh.orchestrator({ static: addresses, leaseMs: 300 });
    await orchestrator.knows('echo');
    const detour = await startSwitch(`127.0.0.1:${port}`);
    mesh.defer(() => detour.close());
    const { address } = detour;
    await orchestrator.rpc.register({ agentId: 'echo', instanceId: agent.card.instanceId, address });
    expect(detour.connections).toBe(1);
    // Longer than the lease of that address.
    expect(await statusesWhile(orchestrator, 700)).toEqual([AgentStatus.IDLE]);
    await expect.poll(() => detour.connections).toBe(0);
    const { instances } = await orchestrator.knows('echo');
    expect(instances).toHaveLength(1);
    expect(addresses).toContain(instances[0]?.address);
  });

  it('stays on the roster by its other address when the one is gone', async () => {
    const agent = await mesh.agent(echo(), { listen: '[::]:0' });
    const port = agent.address.slice(agent.address.lastIndexOf(':') + 1);
    const orchestrator = await mesh.orchestrator();
    const announcement = { agentId: 'echo', instanceId: agent.card.instanceId };
    for (const host of ['127.0.0.1', '127.0.0.2', '[::1]']) {
      const address = `${host}:${port}`;
      // An instance holds one lease: the new address takes the place of the one before.
      await orchestrator.rpc.register({ ...announcement, address });
      const moved = await orchestrator.shows('echo', (now) => now?.instances[0]?.address === address);
      expect(moved?.instances).toHaveLength(1);
      expect((await orchestrator.troupe.dispatch('echo.say', 1)).agent).toBe('echo');
    }
  });

  it('may not share its id with an instance of another agent', async () => {
    const orchestrator = await mesh.orchestrator();
    const orchestrators = [orchestrator.address];
    await mesh.agent(echo('first'), { orchestrators, instanceId: 'same' });
    await orchestrator.knows('first');
    const other = await mesh.agent(echo('second'), { instanceId: 'same' });
    const announcement = { agentId: 'second', instanceId: 'same', address: other.address };
    expect(await failure(orchestrator.rpc.register(announcement))).toBe(
      'FAILED_PRECONDITION / CARD_MISMATCH',
    );
    await orchestrator.knows('first');
  });
});

/** Every status in which the agent `echo` is seen within `ms`. */
async function statusesWhile(
  { rpc }: Awaited<ReturnType<TestMesh['orchestrator']>>,
  ms: number,
): Promise<AgentStatus[]> {
  const statuses = new Set<AgentStatus>();
  const over = AbortSignal.timeout(ms);
  try {
    for await (const { event } of rpc.watchAgents({}, { signal: over }))
      if (event?.agent) statuses.add(event.agent.status);
  } catch {
    // The time is over.
  }
  return [...statuses];
}
