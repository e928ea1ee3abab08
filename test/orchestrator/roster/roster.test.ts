import { afterEach, describe, expect, it } from 'vitest';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { Roster, type RosterChange } from '../../../services/orchestrator/roster/roster.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { instance } from './instances.ts';

const { IDLE, BUSY, DRAINING, ERROR, OFFLINE, UNSPECIFIED } = AgentStatus;
const rosters: Roster<string>[] = [];
afterEach(() => {
  for (const roster of rosters.splice(0)) roster.close();
});

/** A roster, and what its subscribers heard: `ADDED a`. */
function rosterWithChanges(graceMs?: number) {
  const roster = new Roster<string>(graceMs === undefined ? {} : { graceMs });
  rosters.push(roster);
  const changes: string[] = [];
  roster.subscribe(({ type, agent }) => changes.push(`${type} ${agent.id}`));
  return { roster, changes };
}

function nextChange(roster: Roster<string>, type: RosterChange<string>['type']): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = roster.subscribe((change) => {
    if (change.type !== type) return;
    unsubscribe();
    resolve();
  });
  return promise;
}

describe('an instance', () => {
  it('is found by its id, address, agent and capabilities, with what a task is handed to', () => {
    const { roster } = rosterWithChanges();
    const entry = roster.put(instance('a/1', { capabilities: ['x', 'y'] }));
    expect(roster.instance('a/1')).toBe(entry);
    expect(roster.at('a/1:1')).toBe(entry);
    expect(roster.agent('a')?.instances.routable).toEqual([entry]);
    expect(roster.agent('a')?.capabilities.get('x')?.routable).toEqual([entry]);
    expect(roster.capability('y')?.routable).toEqual([entry]);
    expect(entry).toMatchObject({ connection: 'a/1', status: IDLE, inFlight: 0, lease: undefined });
    expect(entry.capabilities.get('x')?.name).toBe('x');
  });

  it.each([
    [IDLE, true],
    [BUSY, true],
    [ERROR, true],
    [UNSPECIFIED, true],
    [DRAINING, false],
    [OFFLINE, false],
  ])('of status %i is routed to: %s', (status, routed) => {
    const { roster } = rosterWithChanges();
    const entry = roster.put(instance('a/1', { capabilities: ['x'] }));
    roster.setStatus(entry, status);
    expect(roster.capability('x')?.routable).toEqual(routed ? [entry] : []);
    expect(roster.agent('a')?.instances.routable).toEqual(routed ? [entry] : []);
    expect(roster.capability('x')?.all).toEqual(new Set([entry]));
  });

  it('takes the place of the one at its address', () => {
    const { roster, changes } = rosterWithChanges();
    const old = roster.put(instance('a/1', { address: 'host:1', capabilities: ['x'] }));
    const entry = roster.put(instance('a/2', { address: 'host:1', capabilities: ['y'] }));
    expect(roster.instance('a/1')).toBeUndefined();
    expect(roster.at('host:1')).toBe(entry);
    expect(roster.capability('x')).toBeUndefined();
    expect(roster.agent('a')?.instances.all).toEqual(new Set([entry]));
    expect(changes).toEqual(['ADDED a', 'CHANGED a']);
    roster.remove(old);
    expect(roster.at('host:1')).toBe(entry);
  });

  it('of another agent at an address removes the agent that was there', () => {
    const { roster, changes } = rosterWithChanges();
    roster.put(instance('a/1', { address: 'host:1' }));
    roster.put(instance('b/1', { address: 'host:1' }));
    expect([...roster.agents.keys()]).toEqual(['b']);
    expect(changes).toEqual(['ADDED a', 'REMOVED a', 'ADDED b']);
  });

  it('that moves to another address leaves its old one', () => {
    const { roster, changes } = rosterWithChanges();
    roster.put(instance('a/1', { address: 'host:1' }));
    const entry = roster.put(instance('a/1', { address: 'host:2' }));
    expect(roster.at('host:1')).toBeUndefined();
    expect(roster.at('host:2')).toBe(entry);
    expect(roster.agent('a')?.instances.all.size).toBe(1);
    expect(changes).toEqual(['ADDED a', 'CHANGED a']);
  });

  it('that was replaced by one of the same id is no longer its writer’s to change', () => {
    const { roster, changes } = rosterWithChanges();
    const old = roster.put(instance('a/1', { address: 'host:1' }));
    const entry = roster.put(instance('a/1', { address: 'host:2' }));
    changes.length = 0;
    roster.setStatus(old, OFFLINE);
    roster.touch(old, Deadline.never);
    roster.remove(old);
    expect(roster.instance('a/1')).toBe(entry);
    expect(entry).toMatchObject({ status: IDLE, lease: undefined });
    expect(changes).toEqual([]);
  });

  it('keeps its lease until it is renewed', () => {
    const { roster, changes } = rosterWithChanges();
    const lease = Deadline.after(15_000);
    const entry = roster.put({ ...instance('a/1'), lease });
    roster.touch(entry);
    expect(entry.lease).toBe(lease);
    const renewed = Deadline.after(15_000);
    roster.touch(entry, renewed);
    expect(entry.lease).toBe(renewed);
    expect(changes).toEqual(['ADDED a']);
  });

  it('that stays OFFLINE leaves after the grace time', async () => {
    const { roster, changes } = rosterWithChanges(20);
    const gone = roster.put(instance('a/1', { capabilities: ['x'] }));
    const back = roster.put(instance('b/1'));
    const removed = nextChange(roster, 'REMOVED');
    roster.setStatus(back, OFFLINE);
    roster.setStatus(gone, OFFLINE);
    roster.setStatus(back, IDLE);
    expect(roster.agent('a')?.status).toBe(OFFLINE);
    expect(roster.capability('x')).toBeDefined();
    await removed;
    expect(roster.instance('a/1')).toBeUndefined();
    expect(roster.capability('x')).toBeUndefined();
    expect(roster.instance('b/1')).toBe(back);
    expect(changes.at(-1)).toBe('REMOVED a');
  });
});

describe('an agent', () => {
  it.each([
    [['IDLE', 'BUSY', 'DRAINING', 'ERROR', 'OFFLINE'], IDLE],
    [['OFFLINE', 'ERROR', 'DRAINING', 'BUSY'], BUSY],
    [['OFFLINE', 'ERROR', 'DRAINING'], DRAINING],
    [['OFFLINE', 'ERROR'], ERROR],
    [['OFFLINE', 'OFFLINE'], OFFLINE],
    [['UNSPECIFIED', 'OFFLINE'], OFFLINE],
    [['UNSPECIFIED'], UNSPECIFIED],
  ] as const)('whose instances are %j has the status %i', (statuses, status) => {
    const { roster } = rosterWithChanges();
    statuses.forEach((status, i) => void roster.put(instance(`a/${i}`, { status })));
    expect(roster.agent('a')?.status).toBe(status);
  });

  it('has the capabilities of all of its instances, each with those that have it', () => {
    const { roster } = rosterWithChanges();
    const old = roster.put(instance('a/1', { capabilities: ['x'] }));
    const fresh = roster.put(instance('a/2', { capabilities: ['x', 'y'] }));
    const agent = roster.agent('a');
    expect([...(agent?.capabilities.names() ?? [])].sort()).toEqual(['x', 'y']);
    expect(agent?.capabilities.get('x')?.all).toEqual(new Set([old, fresh]));
    expect(agent?.capabilities.get('y')?.all).toEqual(new Set([fresh]));
    roster.remove(fresh);
    expect(agent?.capabilities.size).toBe(1);
  });
});

describe('a subscriber', () => {
  it('hears of each change once, and not of what changes nothing', () => {
    const { roster, changes } = rosterWithChanges();
    const one = roster.put(instance('a/1'));
    const two = roster.put(instance('a/2'));
    roster.setStatus(one, IDLE);
    roster.setStatus(one, BUSY);
    roster.touch(one);
    roster.remove(one);
    roster.remove(one);
    roster.remove(two);
    expect(changes).toEqual(['ADDED a', 'CHANGED a', 'CHANGED a', 'CHANGED a', 'REMOVED a']);
  });

  it('hears nothing once it has unsubscribed', () => {
    const { roster } = rosterWithChanges();
    let heard = 0;
    const unsubscribe = roster.subscribe(() => {
      heard += 1;
    });
    const entry = roster.put(instance('a/1'));
    unsubscribe();
    roster.remove(entry);
    expect(heard).toBe(1);
  });
});
