import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { echo, patient } from './agents.ts';
import { startSwitch } from './switch.ts';
import { failure, failureOf, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();
const stranger = { agentId: 'stranger', instanceId: 'stranger-1' };

describe('Register', () => {
  it('says how long the lease is and where the instance was reached', async () => {
    const orchestrator = await mesh.orchestrator({ leaseMs: 2500 });
    const { address } = await mesh.member();
    const response = await orchestrator.rpc.register({ ...stranger, address });
    expect(response).toMatchObject({ lease: { seconds: 2n, nanos: 500_000_000 }, address });
  });

  it('takes :port for the host that the call comes from', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address } = await mesh.member();
    const port = address.slice(address.lastIndexOf(':'));
    const response = await orchestrator.rpc.register({ ...stranger, address: port });
    expect(response.address).toBe(address);
  });

  it('renews without any change to the roster', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address } = await mesh.member();
    await orchestrator.rpc.register({ ...stranger, address });
    const before = await orchestrator.knows('stranger');
    for (let i = 0; i < 3; i++) await orchestrator.rpc.register({ ...stranger, address });
    const { agent } = await orchestrator.rpc.getAgent({ agentId: 'stranger' });
    expect(agent?.instances).toHaveLength(1);
    expect(agent?.instances[0]).toMatchObject({ address, status: before.instances[0]!.status });
  });

  it('refuses an address at which nobody answers', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address, close } = await mesh.member();
    close();
    const error = await failureOf(orchestrator.rpc.register({ ...stranger, address }));
    expect(error.message).toContain(address);
    expect(await failure(orchestrator.rpc.register({ ...stranger, address }))).toBe(
      'UNAVAILABLE / NO_LIVE_INSTANCE',
    );
    expect((await orchestrator.rpc.listAgents({})).agents).toEqual([]);
  });

  it('refuses, and does not wait for ever for, a peer that takes the connection and keeps silent', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    mesh.defer(() => silent.close());
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const orchestrator = await mesh.orchestrator();
    const announcement = { ...stranger, address: `127.0.0.1:${port}` };
    expect(await failure(orchestrator.rpc.register(announcement))).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
  });

  it('refuses a member that never says who it is, or is no agent at all', async () => {
    const orchestrator = await mesh.orchestrator();
    const mute = await mesh.member({ describe: () => new Promise(() => {}) });
    const both = [mute.address, orchestrator.address].map((address) =>
      failure(orchestrator.rpc.register({ ...stranger, address })),
    );
    expect(await Promise.all(both)).toEqual([
      'UNAVAILABLE / NO_LIVE_INSTANCE',
      'UNAVAILABLE / NO_LIVE_INSTANCE',
    ]);
  });

  const misfits: Record<string, Parameters<TestMesh['member']>[0]> = {
    'is another agent': { card: { id: 'somebody-else' } },
    'is another instance': { card: { instanceId: 'stranger-2' } },
    'has no id on its card': { card: { id: '' } },
    'has no instance id on its card': { card: { instanceId: '' } },
    'has a card of over 256 KiB': { card: { description: 'x'.repeat(256 * 1024) } },
    'has a capability twice': { card: { capabilities: [{ name: 'a' }, { name: 'a' }] } },
    'has a schema that is none': {
      card: { capabilities: [{ name: 'a', inputSchema: { type: 'nonsense' } }] },
    },
    'has a schema that refers to a URL': {
      card: { capabilities: [{ name: 'a', inputSchema: { $ref: 'https://example.org/schema.json' } }] },
    },
    'has a default_ttl of nothing': {
      card: { capabilities: [{ name: 'a', defaultTtl: { seconds: 0n } }] },
    },
  };
  it.each(Object.entries(misfits))('refuses an instance that %s', async (_, init) => {
    const orchestrator = await mesh.orchestrator();
    const { address } = await mesh.member(init);
    expect(await failure(orchestrator.rpc.register({ ...stranger, address }))).toBe(
      'FAILED_PRECONDITION / CARD_MISMATCH',
    );
    expect((await orchestrator.rpc.listAgents({})).agents).toEqual([]);
  });

  it.each([
    ['no agent id', { agentId: '', instanceId: 'i', address: '127.0.0.1:1' }, ['agent_id']],
    ['no instance id', { agentId: 'a', instanceId: '', address: '127.0.0.1:1' }, ['instance_id']],
    ['neither', { agentId: '', instanceId: '', address: '127.0.0.1:1' }, ['agent_id', 'instance_id']],
    ['no address', { ...stranger, address: '' }, ['address']],
    ['an address without a port', { ...stranger, address: 'localhost' }, ['address']],
    ['a port that is none', { ...stranger, address: 'localhost:70000' }, ['address']],
    ['an IPv6 host without brackets', { ...stranger, address: '::1:5000' }, ['address']],
    ['a host that is none', { ...stranger, address: 'http://x:1' }, ['address']],
  ])('refuses %s, and names the field', async (_, announcement, fields) => {
    const orchestrator = await mesh.orchestrator();
    const error = await failureOf(orchestrator.rpc.register(announcement));
    expect(await failure(Promise.reject(error))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    expect(error.detail(BadRequestSchema)?.fieldViolations.map(({ field }) => field)).toEqual(fields);
  });

  it('of somebody who is not there leaves the instance at that address in peace', async () => {
    const orchestrator = await mesh.orchestrator();
    const { definition, started, finish } = patient();
    const agent = await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    const result = orchestrator.troupe.dispatch('patient.work', null);
    await started;
    const statuses = new Set<AgentStatus>();
    const over = new AbortController();
    const watch = (async () => {
      for await (const { event } of orchestrator.rpc.watchAgents({}, { signal: over.signal }))
        if (event?.agent) statuses.add(event.agent.status);
    })().catch(() => {});
    const lie = { ...stranger, address: agent.address };
    const refused = [lie, lie, lie].map((announcement) => failure(orchestrator.rpc.register(announcement)));
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['FAILED_PRECONDITION / CARD_MISMATCH']));
    finish();
    expect((await result).payload).toBe('finished');
    over.abort();
    await watch;
    expect(statuses).not.toContain(AgentStatus.OFFLINE);
  });

  it('replaces the instance at an address by the one that answers there now', async () => {
    const orchestrator = await mesh.orchestrator();
    const old = await mesh.member({ card: { instanceId: 'old' } });
    const next = await mesh.member({ card: { instanceId: 'new' } });
    const service = await startSwitch(old.address);
    mesh.defer(() => service.close());
    const { address } = service;
    await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'old', address });
    // The connection to the old one stands.
    service.lead(next.address);
    await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'new', address });
    const { instances } = await orchestrator.knows('stranger');
    expect(instances).toMatchObject([{ instanceId: 'new', address, status: AgentStatus.IDLE }]);
  });

  it('many times at once is as good as once', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address } = await mesh.member();
    const truth = Array.from({ length: 10 }, () => orchestrator.rpc.register({ ...stranger, address }));
    const lies = Array.from({ length: 10 }, (_, i) =>
      failure(orchestrator.rpc.register({ agentId: 'stranger', instanceId: `no-${i}`, address })),
    );
    await Promise.all(truth);
    expect(new Set(await Promise.all(lies))).toEqual(new Set(['FAILED_PRECONDITION / CARD_MISMATCH']));
    const { agent } = await orchestrator.rpc.getAgent({ agentId: 'stranger' });
    expect(agent?.instances).toMatchObject([{ instanceId: 'stranger-1', status: AgentStatus.IDLE }]);
  });

  it('is not stretched to whoever takes the port after it', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address, close } = await mesh.member();
    await orchestrator.rpc.register({ ...stranger, address });
    close();
    await orchestrator.shows('stranger', (now) => now?.status === AgentStatus.OFFLINE);
    await mesh.agent(echo(), { listen: address });
    const error = await failureOf(orchestrator.rpc.register({ ...stranger, address }));
    expect(await failure(Promise.reject(error))).toBe('FAILED_PRECONDITION / CARD_MISMATCH');
    expect(await failure(orchestrator.rpc.getAgent({ agentId: 'echo' }))).toBe('NOT_FOUND / AGENT_NOT_FOUND');
  });
});

describe('Deregister', () => {
  it('takes an instance off the roster at once, and forgives whoever is not known', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address } = await mesh.member();
    await orchestrator.rpc.register({ ...stranger, address });
    await orchestrator.rpc.deregister(stranger);
    expect((await orchestrator.rpc.listAgents({})).agents).toEqual([]);
    await orchestrator.rpc.deregister(stranger);
    await orchestrator.rpc.register({ ...stranger, address });
    await orchestrator.knows('stranger');
  });

  it('does nothing where the instance is of another agent', async () => {
    const orchestrator = await mesh.orchestrator();
    const { address } = await mesh.member();
    await orchestrator.rpc.register({ ...stranger, address });
    await orchestrator.rpc.deregister({ agentId: 'another', instanceId: stranger.instanceId });
    await orchestrator.knows('stranger');
  });

  it('refuses empty ids', async () => {
    const { rpc } = await mesh.orchestrator();
    expect(await failure(rpc.deregister({}))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
  });
});
