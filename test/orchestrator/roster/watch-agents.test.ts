import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { type RosterEvent, RosterEventType } from '../../../gen/troupe/v1/roster_pb.js';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { type WatchAgentsOptions, watchAgents } from '../../../services/orchestrator/roster/watch-agents.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { instance } from './instances.ts';

/** A watch whose events can be taken as text, a few at a time: `ADDED a`. */
function watch(roster: Roster<string>, filter: Omit<WatchAgentsOptions, 'signal'> = {}) {
  const abort = new AbortController();
  const events = watchAgents(roster, { ...filter, signal: abort.signal })[Symbol.asyncIterator]();
  const taken: RosterEvent[] = [];
  return {
    abort,
    events,
    taken,
    async take(count: number): Promise<string[]> {
      const lines: string[] = [];
      for (let i = 0; i < count; i += 1) {
        const { value } = await events.next();
        taken.push(value);
        lines.push([RosterEventType[value.type], value.agent?.id].join(' ').trim());
      }
      return lines;
    },
  };
}

describe('a watcher', () => {
  it('is told who is there, that this was all, and then each change', async () => {
    const roster = new Roster<string>();
    const a = roster.put(instance('a/1'));
    roster.put(instance('b/1'));
    const { take, taken } = watch(roster);
    roster.put(instance('c/1'));
    roster.setStatus(a, AgentStatus.BUSY);
    expect(await take(5)).toEqual(['PRESENT a', 'PRESENT b', 'SYNCED', 'ADDED c', 'CHANGED a']);
    expect(taken[0]?.agent?.status).toBe(AgentStatus.IDLE);
    expect(taken[2]?.agent).toBeUndefined();
    expect(taken[4]?.agent?.status).toBe(AgentStatus.BUSY);
  });

  it('is told of an agent that left as it last was', async () => {
    const roster = new Roster<string>();
    const a = roster.put(instance('a/1', { capabilities: ['x'] }));
    const { take, taken } = watch(roster);
    roster.setStatus(a, AgentStatus.OFFLINE);
    roster.remove(a);
    expect(await take(3)).toEqual(['PRESENT a', 'SYNCED', 'REMOVED a']);
    expect(taken[2]?.agent).toMatchObject({ capabilities: ['x'], status: AgentStatus.OFFLINE });
    expect(taken[2]?.agent?.instances).toMatchObject([{ instanceId: 'a/1' }]);
  });

  it('of a capability or label is told only of the agents that have it, from when they do until they do not', async () => {
    const roster = new Roster<string>();
    roster.put(instance('a/1', { capabilities: ['x'], labels: { region: 'eu' } }));
    const b1 = roster.put(instance('b/1', { capabilities: ['x'] }));
    const { take } = watch(roster, { capability: 'x', labels: { region: 'eu' } });
    expect(await take(2)).toEqual(['PRESENT a', 'SYNCED']);
    const b2 = roster.put(instance('b/2', { labels: { region: 'eu' } }));
    expect(await take(1)).toEqual(['ADDED b']);
    roster.setStatus(b2, AgentStatus.BUSY);
    expect(await take(1)).toEqual(['CHANGED b']);
    roster.remove(b2);
    expect(await take(1)).toEqual(['REMOVED b']);
    roster.setStatus(b1, AgentStatus.BUSY);
    roster.put(instance('c/1', { labels: { region: 'eu' } }));
    roster.put(instance('d/1', { capabilities: ['x'], labels: { region: 'eu' } }));
    expect(await take(1)).toEqual(['ADDED d']);
  });

  it('may have as many agents present as there are', async () => {
    const roster = new Roster<string>();
    for (let i = 0; i < 3_000; i += 1) roster.put(instance(`agent-${i}`));
    const { take } = watch(roster);
    expect((await take(3_001)).at(-1)).toBe('SYNCED');
  });

  it('that reads slower than an agent changes is told of its latest state, and of the others in their turn', async () => {
    const roster = new Roster<string>();
    const a = roster.put(instance('a/1'));
    const { take, taken } = watch(roster);
    await take(2);
    for (let i = 0; i <= 5_000; i += 1) {
      roster.setStatus(a, i % 2 ? AgentStatus.IDLE : AgentStatus.BUSY);
      if (i === 10) roster.put(instance('b/1'));
    }
    expect(await take(2)).toEqual(['CHANGED a', 'ADDED b']);
    expect(taken[2]?.agent?.status).toBe(AgentStatus.BUSY);
    roster.setStatus(a, AgentStatus.ERROR);
    expect(await take(1)).toEqual(['CHANGED a']);
    expect(taken[4]?.agent?.status).toBe(AgentStatus.ERROR);
  });

  it('hears nothing of an agent that came and left between two reads, and of one that left and came back as changed', async () => {
    const roster = new Roster<string>();
    const a = roster.put(instance('a/1'));
    const { take, taken } = watch(roster);
    await take(2);
    for (let i = 0; i < 2_000; i += 1) roster.remove(roster.put(instance('brief/1')));
    roster.remove(a);
    roster.put(instance('a/2'));
    roster.put(instance('c/1'));
    expect(await take(2)).toEqual(['CHANGED a', 'ADDED c']);
    expect(taken[2]?.agent?.instances).toMatchObject([{ instanceId: 'a/2' }]);
  });

  it('for whom news of over 1,024 agents wait ends with SLOW_READER, and one for whom fewer do does not', async () => {
    const roster = new Roster<string>();
    const slow = watch(roster);
    const slower = watch(roster);
    await slow.take(1);
    await slower.take(1);
    for (let i = 0; i < 1_024; i += 1) roster.put(instance(`agent-${i}`));
    expect(await slow.take(1)).toEqual(['ADDED agent-0']);
    roster.put(instance('last'));
    expect((await slow.take(1_024)).at(-1)).toBe('ADDED last');
    const error = await slower.events.next().catch(RpcError.from);
    expect(reasonOf(error as RpcError)).toBe('SLOW_READER');
  });

  it('ends with the reason of its signal, read or not', async () => {
    const roster = new Roster<string>();
    const { abort, events } = watch(roster);
    roster.put(instance('a/1'));
    abort.abort(new Error('gone'));
    await expect(events.next()).rejects.toThrow('gone');
  });
});
