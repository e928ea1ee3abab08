import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { Troupe } from '../../services/client/troupe.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { describeFailure, failure } from '../orchestrator/test-mesh.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { NETWORKS } from './network.ts';
import type { MeshProcess } from './processes.ts';

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
let cuts = 0;
afterAll(() => expect(cuts).toBeGreaterThan(0));

/** How tasks ended that all were to end as `wanted`: so, or as a cut since then explains. */
async function expectEnds(ends: readonly Promise<string>[], wanted: string, since: number): Promise<void> {
  const unexplained = (await Promise.all(ends)).filter((end) => !mesh.network.explains(end, since));
  expect(new Set([wanted, ...unexplained])).toEqual(new Set([wanted]));
  if (!mesh.network.cutting) expect(unexplained).toHaveLength(ends.length);
}

describe.each(NETWORKS)('a mesh of processes, in $name', (kind) => {
  beforeEach(async () => {
    mesh = await startMesh(kind);
  });
  afterEach(async () => {
    cuts += mesh.network.cuts;
    await mesh.stop();
  });

  /** Waits until as many tasks have begun, or one has ended, as where a cut kept it from the agent. */
  const begun = (sleeper: MeshProcess, ends: readonly Promise<string>[]) =>
    Promise.race([sleeper.line(/began/, ends.length), ...(kind.cutPerSecond > 0 ? ends : [])]);

  it.each(sleepers)(
    'tells at once that an agent by $by was killed in the middle of a task',
    async ({ file }) => {
      const sleeper = await mesh.agent(file);
      await mesh.knows('sleeper');
      const since = performance.now();
      const ends = mesh.askAll('sleep', { ms: 60_000 }).map(failure);
      await begun(sleeper, ends);
      await sleeper.kill();
      await expectEnds(ends, 'UNAVAILABLE / INSTANCE_LOST', since);
      const agent = await mesh.shows('sleeper', (now) => now?.status === AgentStatus.OFFLINE);
      expect(agent?.instances).toHaveLength(1);
      const none = mesh.askAll('sleep', { ms: 1 }).map(failure);
      await expectEnds(none, 'UNAVAILABLE / NO_LIVE_INSTANCE', since);

      await mesh.agent(file, { TROUPE_LISTEN: sleeper.address });
      const back = await mesh.knows('sleeper');
      // The one who came back took the place of the one that was killed.
      expect(back.instances).toHaveLength(1);
      const slept = await Promise.all(mesh.askAll('sleep', { ms: 1 }, { again: true }));
      expect(slept).toEqual(slept.map(() => ({ sleptMs: 1 })));
    },
  );

  it.each(sleepers)(
    'gives up on an agent by $by that froze in the middle of a task',
    async ({ file, frozen, status }) => {
      const sleeper = await mesh.agent(file);
      await mesh.knows('sleeper');
      const since = performance.now();
      const ends = mesh.askAll('sleep', { ms: 60_000 }, { timeoutMs: 4000 }).map(failure);
      await begun(sleeper, ends);
      sleeper.signal('SIGSTOP');
      await expectEnds(ends, frozen, since);
      // Whoever is frozen and cut off does not answer when it is dialled again.
      const seen = mesh.network.hasCut(since) ? [status, AgentStatus.OFFLINE] : [status];
      await mesh.shows('sleeper', (now) => now !== undefined && seen.includes(now.status));
      sleeper.signal('SIGCONT');
      await mesh.knows('sleeper');
      const { payload } = await mesh.network.sure(() => mesh.troupe.dispatch('sleep', { ms: 1 }));
      expect(payload).toEqual({ sleptMs: 1 });
    },
  );

  it('finds itself again when the orchestrator was killed and started anew', async () => {
    await mesh.agent(SLEEPER);
    await mesh.agent(LISTENER);
    await mesh.knows('sleeper');
    await mesh.knows('listener');
    await mesh.orchestrator.kill();
    const impatient = new Troupe(mesh.address, { reachMs: 0 });
    expect(await failure(impatient.dispatch('listen', 1))).toMatch(/^UNAVAILABLE/);
    impatient.close();
    await mesh.processes.orchestrator({ TROUPE_LISTEN: mesh.orchestrator.address });
    // Nobody is told to: agents announce themselves again, and the caller connects again.
    const result = await mesh.network.sure(() => mesh.troupe.dispatch('listen', 2));
    expect(result.payload).toMatchObject({ said: 2 });
    await mesh.knows('sleeper');
  });

  it('lets an agent leave well when it is told to, in the middle of a task', async () => {
    const sleeper = await mesh.agent(SLEEPER);
    await mesh.knows('sleeper');
    const since = performance.now();
    const results = mesh.askAll('sleep', { ms: 1500 });
    // Nobody else is left to whom a task could be sent again that was cut off.
    const ends = results.map((result) => result.then((slept) => JSON.stringify(slept), describeFailure));
    await begun(sleeper, ends);
    sleeper.signal('SIGTERM');
    await mesh.shows('sleeper', (now) => {
      return now?.status === AgentStatus.DRAINING || (now === undefined && mesh.network.hasCut(since));
    });
    await expectEnds(ends, '{"sleptMs":1500}', since);
    await mesh.shows('sleeper', (now) => now === undefined);
  });

  it('stops the work of a slow agent when the time is up', async () => {
    const sleeper = await mesh.agent(SLEEPER);
    await mesh.knows('sleeper');
    const since = performance.now();
    const ends = mesh.askAll('sleep', { ms: 60_000 }, { timeoutMs: 500 }).map(failure);
    await expectEnds(ends, 'DEADLINE_EXCEEDED / TASK_TIMED_OUT', since);
    const began = sleeper.said(/began/);
    if (!mesh.network.cutting) expect(began).toHaveLength(ends.length);
    // Each hop has kept its margin.
    for (const line of began) expect(JSON.parse(line).detail).toBeLessThanOrEqual(475);
    // By its own clock, or by a cancel where the task was long on its way, or its link was lost.
    for (const n of began.keys()) {
      const stopped = await sleeper.line(/stopped/, n + 1);
      if (!mesh.network.hasCut(since)) expect(stopped).toMatch(/time ran out|caller cancelled/);
    }
    const heartbeat = await mesh.network.sure(() => mesh.rpc.checkHealth({ agentId: 'sleeper' }));
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
    const since = performance.now();
    const { outcomes, order } = await mesh.network.sure(broadcastNews);
    // Whom the broadcast did not find, or lost, where a cut explains it.
    const missed = mesh.network.hasCut(since) ? [undefined, 'INSTANCE_LOST'] : [];
    expect([{ heard: 'news' }, ...missed]).toContainEqual(outcomes.get('listener'));
    expect(['INSTANCE_LOST', ...missed]).toContain(outcomes.get('frozen'));
    expect(['TASK_TIMED_OUT', ...missed]).toContain(outcomes.get('sleeper'));
    // It may have been off the roster already when the broadcast was sent.
    expect([undefined, 'INSTANCE_LOST']).toContain(outcomes.get('killed'));
    if (missed.length > 0) return;
    expect(order.indexOf('listener')).toBeLessThan(order.indexOf('frozen'));
    expect(order.at(-1)).toBe('sleeper');
  });
});

/** What each agent answered to a broadcast, or the reason why not, and in which order that came. */
async function broadcastNews() {
  const outcomes = new Map<string, unknown>();
  const order: string[] = [];
  for await (const { agentId, outcome } of mesh.troupe.broadcast('news', { timeoutMs: 4000 })) {
    order.push(agentId);
    if (outcome.case === 'reply') outcomes.set(agentId, fromValue(outcome.value.payload));
    if (outcome.case === 'error')
      outcomes.set(agentId, errorInfoOf(RpcError.fromStatus(outcome.value))?.reason);
  }
  return { outcomes, order };
}
