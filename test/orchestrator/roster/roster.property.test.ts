import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { RosterEntry } from '../../../services/orchestrator/roster/entry.ts';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { instance } from './instances.ts';

/** The roster without an index: a list of instances, which every answer is looked for in. */
type Model = { id: string; agent: string; address: string; capabilities: string[]; status: AgentStatus }[];

const AGENTS = ['a', 'b', 'c'];
const ADDRESSES = ['h:1', 'h:2', 'h:3', 'h:4', 'h:5'];
const CAPABILITIES = ['x', 'y', 'z'];

const put = fc.record({
  kind: fc.constant('put' as const),
  id: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  agent: fc.constantFrom(...AGENTS),
  address: fc.constantFrom(...ADDRESSES),
  capabilities: fc.subarray(CAPABILITIES),
  status: fc.constantFrom('IDLE' as const, 'DRAINING' as const, 'OFFLINE' as const),
});
const setStatus = fc.record({
  kind: fc.constant('setStatus' as const),
  nth: fc.nat(40),
  status: fc.constantFrom(1, 2, 3, 4, 5),
});
const remove = fc.record({ kind: fc.constant('remove' as const), nth: fc.nat(40) });
const commands = fc.array(fc.oneof({ weight: 2, arbitrary: put }, setStatus, remove), { maxLength: 40 });

describe('a roster', () => {
  it('answers from its indices what a look at every instance would', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const roster = new Roster<string>();
        /** Every entry that ever was, those that were replaced too: their writers are late now and then. */
        const entries: RosterEntry<string>[] = [];
        const told = new Map<string, string>();
        roster.subscribe(({ type, agent }) => {
          expect(type === 'ADDED').toBe(!told.has(agent.id));
          if (type === 'REMOVED') told.delete(agent.id);
          else told.set(agent.id, state(agent.instances.all));
        });
        let model: Model = [];

        for (const step of steps) {
          if (step.kind === 'put') {
            const { kind: _, id, ...init } = step;
            entries.push(roster.put(instance(id, init)));
            model = model.filter((old) => old.id !== id && old.address !== step.address);
            model.push({ ...step, status: AgentStatus[step.status] });
          } else if (entries.length > 0) {
            const place = step.nth % entries.length;
            const entry = entries[place]!;
            const held = roster.instance(entry.instanceId) === entry;
            if (step.kind === 'remove') roster.remove(entry);
            else roster.setStatus(entry, step.status);
            if (held && step.kind === 'remove') model = model.filter(({ id }) => id !== entry.instanceId);
            if (held && step.kind === 'setStatus') {
              model = model.map((old) =>
                old.id === entry.instanceId ? { ...old, status: step.status } : old,
              );
            }
          }
          expectSame(roster, model);
          expect(told).toEqual(
            new Map([...roster.agents].map(([id, { instances }]) => [id, state(instances.all)])),
          );
        }
        roster.close();
      }),
    );
  });
});

function expectSame(roster: Roster<string>, model: Model): void {
  expect([...roster.agents.keys()].sort()).toEqual([...new Set(model.map(({ agent }) => agent))].sort());
  for (const address of ADDRESSES) {
    expect(roster.at(address)?.instanceId).toBe(model.find((known) => known.address === address)?.id);
  }
  for (const capability of CAPABILITIES) {
    const having = model.filter(({ capabilities }) => capabilities.includes(capability));
    expectInstances(roster.capability(capability), having);
    for (const agent of AGENTS) {
      const ofAgent = having.filter((known) => known.agent === agent);
      expectInstances(roster.agent(agent)?.capabilities.get(capability), ofAgent);
    }
  }
  for (const agent of AGENTS) {
    const ofAgent = model.filter((known) => known.agent === agent);
    expectInstances(roster.agent(agent)?.instances, ofAgent);
  }
}

function expectInstances(
  found: { all: Iterable<RosterEntry<string>>; routable: readonly RosterEntry<string>[] } | undefined,
  expected: Model,
): void {
  if (expected.length === 0) {
    expect(found).toBeUndefined();
    return;
  }
  const routable = expected.filter(
    ({ status }) => status !== AgentStatus.DRAINING && status !== AgentStatus.OFFLINE,
  );
  expect(ids(found?.all)).toEqual(expected.map(({ id }) => id));
  expect(ids(found?.routable).sort()).toEqual(routable.map(({ id }) => id).sort());
}

function ids(entries: Iterable<RosterEntry<string>> | undefined): string[] {
  return Array.from(entries ?? [], ({ instanceId }) => instanceId);
}

function state(entries: Iterable<RosterEntry<string>>): string {
  return Array.from(entries, (entry) => `${entry.instanceId}@${entry.address}:${entry.status}`).join(' ');
}
