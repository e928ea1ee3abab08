import { describe, expect, it } from 'vitest';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { type Target, whenKnown } from '../../../services/orchestrator/roster/when-known.ts';
import { instance } from './instances.ts';

/** So long that only a change of the roster can be what ends the wait. */
const LONG_MS = 60_000;

function wait(roster: Roster<string>, target: Target, timeoutMs = LONG_MS) {
  const abort = new AbortController();
  return { abort, known: whenKnown(roster, target, { signal: abort.signal, timeoutMs }) };
}

describe('waiting for a target', () => {
  it.each<Target>([{ agentId: 'a' }, { capability: 'x' }, { agentId: 'a', capability: 'x' }])(
    'ends when %j comes on the roster',
    async (target) => {
      const roster = new Roster<string>();
      const { known } = wait(roster, target);
      roster.put(instance('b/1'));
      roster.put(instance('a/1', { capabilities: ['x'] }));
      expect(await known).toBe(true);
    },
  );

  it('ends at once where it is known, be it that no instance is live', async () => {
    const roster = new Roster<string>();
    const entry = roster.put(instance('a/1', { capabilities: ['x'] }));
    roster.setStatus(entry, AgentStatus.OFFLINE);
    expect(await wait(roster, { capability: 'x' }).known).toBe(true);
    roster.close();
  });

  it('goes on while the agent has not the capability', async () => {
    const roster = new Roster<string>();
    const { known } = wait(roster, { agentId: 'a', capability: 'x' });
    roster.put(instance('a/1', { capabilities: ['y'] }));
    roster.put(instance('b/1', { capabilities: ['x'] }));
    const first = await Promise.race([known, new Promise((resolve) => setImmediate(resolve, 'waiting'))]);
    expect(first).toBe('waiting');
    roster.put(instance('a/2', { capabilities: ['x'] }));
    expect(await known).toBe(true);
  });

  it('answers false when time is up', async () => {
    expect(await wait(new Roster<string>(), { agentId: 'a' }, 5).known).toBe(false);
  });

  it('fails with the reason of its signal, before or while it waits', async () => {
    const roster = new Roster<string>();
    const { abort, known } = wait(roster, { agentId: 'a' });
    abort.abort(new Error('gone'));
    await expect(known).rejects.toThrow('gone');
    roster.put(instance('a/1'));
    const late = whenKnown(roster, { agentId: 'a' }, { signal: abort.signal, timeoutMs: LONG_MS });
    await expect(late).rejects.toThrow('gone');
  });
});
