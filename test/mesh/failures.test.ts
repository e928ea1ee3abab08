import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { failure } from '../orchestrator/test-mesh.ts';
import { type Mesh, startMesh } from './mesh.ts';

const SLEEPER = 'test/fixtures/sleeper.ts';
/** The same agent by each way; only a link tells that one is frozen, before the time runs out. */
const sleepers = [
  { by: 'Link', file: SLEEPER, frozen: 'UNAVAILABLE / INSTANCE_LOST', status: AgentStatus.OFFLINE },
  {
    by: 'Handle',
    file: 'test/fixtures/sleeper-by-handle.ts',
    frozen: 'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
    status: AgentStatus.IDLE,
  },
];
const LISTENER = 'test/fixtures/listener.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});
afterEach(() => mesh.stop());

describe('a mesh of processes', () => {
  it.each(sleepers)(
    'tells at once that an agent by $by was killed in the middle of a task',
    async ({ file }) => {
      const sleeper = await mesh.agent(file);
      await mesh.knows('sleeper');
      const ends = mesh.askAll('sleep', { ms: 60_000 }).map(failure);
      await sleeper.line(/began/, ends.length);
      await sleeper.kill();
      expect(new Set(await Promise.all(ends))).toEqual(new Set(['UNAVAILABLE / INSTANCE_LOST']));
      const agent = await mesh.shows('sleeper', (now) => now?.status === AgentStatus.OFFLINE);
      expect(agent?.instances).toHaveLength(1);
      const none = mesh.askAll('sleep', { ms: 1 }).map(failure);
      expect(new Set(await Promise.all(none))).toEqual(new Set(['UNAVAILABLE / NO_LIVE_INSTANCE']));

      await mesh.agent(file, { TROUPE_LISTEN: sleeper.address });
      const back = await mesh.knows('sleeper');
      // The one who came back took the place of the one that was killed.
      expect(back.instances).toHaveLength(1);
      const slept = await Promise.all(mesh.askAll('sleep', { ms: 1 }));
      expect(slept).toEqual(slept.map(() => ({ sleptMs: 1 })));
    },
  );

  it.each(sleepers)(
    'gives up on an agent by $by that froze in the middle of a task',
    async ({ file, frozen, status }) => {
      const sleeper = await mesh.agent(file);
      await mesh.knows('sleeper');
      const ends = mesh.askAll('sleep', { ms: 60_000 }, { timeoutMs: 4000 }).map(failure);
      await sleeper.line(/began/, ends.length);
      sleeper.signal('SIGSTOP');
      expect(new Set(await Promise.all(ends))).toEqual(new Set([frozen]));
      await mesh.shows('sleeper', (now) => now?.status === status);
      sleeper.signal('SIGCONT');
      await mesh.knows('sleeper');
      expect((await mesh.troupe.dispatch('sleep', { ms: 1 })).payload).toEqual({ sleptMs: 1 });
    },
  );

  it('finds itself again when the orchestrator was killed and started anew', async () => {
    await mesh.agent(SLEEPER);
    await mesh.agent(LISTENER);
    await mesh.knows('sleeper');
    await mesh.knows('listener');
    await mesh.orchestrator.kill();
    expect(await failure(mesh.troupe.dispatch('listen', 1))).toMatch(/^UNAVAILABLE/);
    await mesh.processes.orchestrator({ TROUPE_LISTEN: mesh.orchestrator.address });
    // Nobody is told to: agents announce themselves again, and the caller connects again.
    const result = await mesh.troupe.dispatch('listen', 2);
    expect(result.payload).toMatchObject({ said: 2 });
    await mesh.knows('sleeper');
  });

  it('lets an agent leave well when it is told to, in the middle of a task', async () => {
    const sleeper = await mesh.agent(SLEEPER);
    await mesh.knows('sleeper');
    const results = mesh.askAll('sleep', { ms: 1500 });
    await sleeper.line(/began/, results.length);
    sleeper.signal('SIGTERM');
    await mesh.shows('sleeper', (now) => now?.status === AgentStatus.DRAINING);
    expect(await Promise.all(results)).toEqual(results.map(() => ({ sleptMs: 1500 })));
    await mesh.shows('sleeper', (now) => now === undefined);
  });

  it('stops the work of a slow agent when the time is up', async () => {
    const sleeper = await mesh.agent(SLEEPER);
    await mesh.knows('sleeper');
    const ends = mesh.askAll('sleep', { ms: 60_000 }, { timeoutMs: 500 }).map(failure);
    for (const n of ends.keys()) {
      const { detail: remainingMs } = JSON.parse(await sleeper.line(/began/, n + 1));
      // Each hop has kept its margin.
      expect(remainingMs).toBeLessThanOrEqual(475);
    }
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['DEADLINE_EXCEEDED / TASK_TIMED_OUT']));
    // By its own clock, or by a cancel where the task was long on its way.
    for (const n of ends.keys())
      expect(await sleeper.line(/stopped/, n + 1)).toMatch(/time ran out|caller cancelled/);
    const heartbeat = await mesh.rpc.checkHealth({ agentId: 'sleeper' });
    expect(heartbeat.agents.sleeper).not.toBe(AgentStatus.BUSY);
  });

  it('broadcasts past a frozen, a killed and a slow agent', async () => {
    const frozen = await mesh.agent(LISTENER, { LISTENER_ID: 'frozen' });
    const killed = await mesh.agent(LISTENER, { LISTENER_ID: 'killed' });
    await mesh.agent(LISTENER);
    await mesh.agent(SLEEPER);
    for (const id of ['frozen', 'killed', 'listener', 'sleeper']) await mesh.knows(id);
    frozen.signal('SIGSTOP');
    void killed.kill();
    const outcomes = new Map<string, unknown>();
    const order: string[] = [];
    for await (const { agentId, outcome } of mesh.troupe.broadcast('news', { timeoutMs: 4000 })) {
      order.push(agentId);
      if (outcome.case === 'reply') outcomes.set(agentId, fromValue(outcome.value.payload));
      if (outcome.case === 'error')
        outcomes.set(agentId, errorInfoOf(RpcError.fromStatus(outcome.value))?.reason);
    }
    expect(outcomes.get('listener')).toEqual({ heard: 'news' });
    expect(outcomes.get('frozen')).toBe('INSTANCE_LOST');
    expect(outcomes.get('sleeper')).toBe('TASK_TIMED_OUT');
    // It may have been off the roster already when the broadcast was sent.
    expect([undefined, 'INSTANCE_LOST']).toContain(outcomes.get('killed'));
    expect(order.indexOf('listener')).toBeLessThan(order.indexOf('frozen'));
    expect(order.at(-1)).toBe('sleeper');
  });
});
