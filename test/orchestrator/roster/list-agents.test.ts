import { toBinary } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { type Agent, AgentSchema, type Instance } from '../../../gen/troupe/v1/roster_pb.js';
import { describeAgent } from '../../../services/orchestrator/roster/describe.ts';
import type { AgentFilter } from '../../../services/orchestrator/roster/filter.ts';
import { listAgents } from '../../../services/orchestrator/roster/list-agents.ts';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { instance } from './instances.ts';

describe('a page of agents', () => {
  const roster = new Roster<string>();
  roster.put(instance('c/1', { capabilities: ['x'], labels: { region: 'eu', tier: 'gold' } }));
  roster.put(instance('a/1', { capabilities: ['x'], labels: { region: 'eu' }, status: 'BUSY' }));
  roster.put(instance('a/2', { capabilities: ['y'], labels: { tier: 'gold' }, status: 'OFFLINE' }));
  roster.put(instance('B/1', { labels: { region: 'us' }, status: 'OFFLINE' }));

  it.each<[AgentFilter, string[]]>([
    [{}, ['B', 'a', 'c']],
    [{ capability: 'x' }, ['a', 'c']],
    [{ capability: 'z' }, []],
    [{ status: AgentStatus.BUSY }, ['a']],
    [{ status: AgentStatus.OFFLINE }, ['B']],
    [{ labels: { region: 'eu' } }, ['a', 'c']],
    [{ labels: { region: 'eu', tier: 'gold' } }, ['c']],
    [{ capability: 'y', labels: { region: 'eu' } }, ['a']],
    [{ labels: { constructor: '' } }, []],
  ])('that is asked for with %j holds %j, by id', (filter, expected) => {
    expect(listAgents(roster, filter).agents.map(({ id }) => id)).toEqual(expected);
  });

  it('tells where the next one begins, until the last', () => {
    const first = listAgents(roster, { pageSize: 2 });
    expect(first.agents.map(({ id }) => id)).toEqual(['B', 'a']);
    const last = listAgents(roster, { pageSize: 2, pageToken: first.nextPageToken });
    expect(last.agents.map(({ id }) => id)).toEqual(['c']);
    expect(last.nextPageToken).toBe('');
  });

  it('that is full and the last says so', () => {
    expect(listAgents(roster, { pageSize: 3 }).nextPageToken).toBe('');
  });

  it('shows every agent that stays exactly once, whatever comes and goes between pages', () => {
    const mesh = new Roster<string>();
    const entries = [...'bdfhj'].map((id) => mesh.put(instance(id)));
    const first = listAgents(mesh, { pageSize: 2 });
    mesh.remove(entries[1]!);
    mesh.put(instance('a'));
    mesh.put(instance('e'));
    const second = listAgents(mesh, { pageSize: 10, pageToken: first.nextPageToken });
    expect(first.agents.map(({ id }) => id)).toEqual(['b', 'd']);
    expect(second.agents.map(({ id }) => id)).toEqual(['e', 'f', 'h', 'j']);
  });
});

describe('a page of agents with large cards', () => {
  it('is cut short at 3 MiB, and the next goes on from there', () => {
    const roster = new Roster<string>();
    for (const id of 'abcd') {
      const init = instance(id);
      init.card.description = 'x'.repeat(1_000_000);
      roster.put(init);
    }
    const first = listAgents(roster, {});
    expect(first.agents.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    const last = listAgents(roster, { pageToken: first.nextPageToken });
    expect(last.agents.map(({ id }) => id)).toEqual(['d']);
    expect(last.nextPageToken).toBe('');
  });
});

describe('an agent of many instances', () => {
  /** Its instances, each with `schemaBytes` of schemas and `textBytes` of description, the oldest first. */
  function agentOf(count: number, schemaBytes: number, textBytes: number): Agent {
    const roster = new Roster<string>();
    for (let i = 0; i < count; i += 1) {
      const init = instance(`a/${i}`, { capabilities: ['x'] });
      const [capability] = init.card.capabilities;
      capability!.inputSchema = { title: 'x'.repeat(schemaBytes / 2) };
      capability!.outputSchema = { title: 'x'.repeat(schemaBytes / 2) };
      init.card.description = 'y'.repeat(textBytes);
      roster.put(init);
    }
    return describeAgent(roster.agent('a')!);
  }

  /** How much of its card is told of an instance. */
  function told({ card }: Instance): string {
    if (card?.id !== 'a') return 'nothing';
    if (!card.description) return 'ids';
    return card.capabilities[0]?.inputSchema || card.capabilities[0]?.outputSchema ? 'whole' : 'no schemas';
  }

  const bytesOf = (agent: Agent) => toBinary(AgentSchema, agent).length;

  it('is told with every card whole where they fit', () => {
    expect(new Set(agentOf(20, 90_000, 10).instances.map(told))).toEqual(new Set(['whole']));
  });

  it('fits into a message whatever it has: the cards of the oldest have no schemas, then nothing but ids', () => {
    const agent = agentOf(45, 100_000, 50_000);
    expect(bytesOf(agent)).toBeLessThan(3 * 2 ** 20);
    const cards = agent.instances.map(told);
    expect(cards).toEqual([
      ...Array(19).fill('ids'),
      ...Array(13).fill('no schemas'),
      ...Array(13).fill('whole'),
    ]);
    expect(agent.instances.map(({ instanceId }) => instanceId)).toEqual(
      Array.from({ length: 45 }, (_, i) => `a/${i}`),
    );
  });

  it('and very many of them leaves out the oldest', () => {
    const agent = agentOf(20_000, 200, 200);
    expect(bytesOf(agent)).toBeLessThan(3 * 2 ** 20);
    expect(agent.instances.length).toBeGreaterThan(10_000);
    expect(agent.instances.at(-1)?.instanceId).toBe('a/19999');
  });

  it('and very many capabilities is told with the first 4,000 names', () => {
    const roster = new Roster<string>();
    for (let i = 0; i < 100; i += 1) {
      const capabilities = Array.from({ length: 256 }, (_, j) => `${i}.${j}.`.padEnd(128, 'x'));
      roster.put(instance(`a/${i}`, { capabilities }));
    }
    const agent = describeAgent(roster.agent('a')!);
    expect(agent.capabilities).toHaveLength(4_000);
    expect(bytesOf(agent)).toBeLessThan(4 * 2 ** 20 - 65_536);
  });
});

describe('an agent as it is told', () => {
  it('sums up its instances, the oldest first', () => {
    const roster = new Roster<string>();
    const before = Date.now();
    roster.put({ ...instance('a/2', { capabilities: ['y', 'x'] }), lease: Deadline.after(15_000) });
    const busy = roster.put(instance('a/1', { capabilities: ['x'], status: 'DRAINING' }));
    busy.inFlight = 3;

    const agent = describeAgent(roster.agent('a')!);
    expect(agent).toMatchObject({ id: 'a', status: AgentStatus.IDLE, capabilities: ['x', 'y'] });
    expect(agent.instances).toMatchObject([
      { instanceId: 'a/2', address: 'a/2:1', inFlight: 0, status: AgentStatus.IDLE },
      { instanceId: 'a/1', address: 'a/1:1', inFlight: 3, status: AgentStatus.DRAINING },
    ]);
    const [leased, unleased] = agent.instances;
    expect(leased?.card).toBe(roster.instance('a/2')?.card);
    expect(Number(leased?.lastSeen?.seconds)).toBeGreaterThanOrEqual(Math.floor(before / 1_000));
    expect(durationMs(leased!.lease!)).toBeGreaterThan(0);
    expect(durationMs(leased!.lease!)).toBeLessThanOrEqual(15_000);
    expect(unleased?.lease).toBeUndefined();
  });
});
