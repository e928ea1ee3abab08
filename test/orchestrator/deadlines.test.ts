import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { patient } from './agents.ts';
import { CALLERS, type MessageInit } from './callers.ts';
import { collect, failure, TestMesh, WAYS } from './test-mesh.ts';

/** Tells how long its task may take. */
const clock: AgentDefinition = {
  id: 'clock',
  capabilities: {
    'clock.left': { handle: (_, { remainingMs }) => remainingMs },
    'clock.short': { defaultTtlMs: 2000, handle: (_, { remainingMs }) => remainingMs },
  },
};

/** A task that may take so long. */
const task = (capability: string, ttlMs?: number): MessageInit => ({
  capability,
  ...(ttlMs !== undefined && { ttl: msToDuration(ttlMs) }),
});

describe.each(WAYS)('the time of a task by $caller, to an agent by $agent,', ({ caller, agent }) => {
  const mesh = new TestMesh({ agents: agent });
  // A message on a link has no call of its own, and so no deadline but its ttl.
  const hasCall = caller !== 'Link';

  it.each(
    [
      { what: 'the deadline of the call', ttlMs: undefined, callMs: 4000, least: 3000, most: 3951 },
      { what: 'its ttl', ttlMs: 3000, callMs: undefined, least: 2000, most: 2951 },
      { what: 'the shorter of both', ttlMs: 9000, callMs: 4000, least: 3000, most: 3951 },
      { what: 'the shorter of both, again', ttlMs: 4000, callMs: 9000, least: 3000, most: 3951 },
      { what: '30 s where nobody says', ttlMs: undefined, callMs: undefined, least: 29_000, most: 29_951 },
      {
        what: 'one hour at the most',
        ttlMs: 10 * 365 * 86_400_000,
        callMs: undefined,
        least: 3_590_000,
        most: 3_599_951,
      },
    ].filter(({ callMs }) => hasCall || callMs === undefined),
  )('is $what, less a margin at each hop', async ({ ttlMs, callMs, least, most }) => {
    const { ask } = await mesh.joinedBy(clock);
    const deadline = callMs === undefined ? Deadline.never : Deadline.after(callMs);
    const left = fromValue((await ask[caller](task('clock.left', ttlMs), { deadline })).payload);
    expect(left).toBeGreaterThan(least);
    expect(left).toBeLessThan(most);
  });

  it("is the capability's default where nobody says, less a margin at each hop", async () => {
    const { ask } = await mesh.joinedBy(clock);
    const left = fromValue((await ask[caller](task('clock.short'))).payload);
    expect(left).toBeGreaterThan(1000);
    expect(left).toBeLessThan(1951);
  });

  it('that runs out in the middle of it is told with its reason, and stops the work', async () => {
    const { definition, stopped } = patient();
    const { ask } = await mesh.joinedBy(definition);
    const ends = [{ receiver: 'patient' }, {}].map((target) =>
      failure(ask[caller]({ ...task('patient.work', 300), ...target })),
    );
    expect(await Promise.all(ends)).toEqual(Array(2).fill('DEADLINE_EXCEEDED / TASK_TIMED_OUT'));
    // The agent heard it by its own clock, or by a cancel.
    expect(await stopped).toMatch(/time ran out|cancelled/);
  });

  it('that has run out is refused before any work', async () => {
    const { ask, rpc } = await mesh.joinedBy(clock);
    expect(await failure(ask[caller](task('clock.left', 0)))).toBe('DEADLINE_EXCEEDED / MESSAGE_EXPIRED');
    const { message: heartbeat } = await rpc.send({
      message: { receiver: 'clock', type: MessageType.HEARTBEAT },
    });
    expect(heartbeat?.heartbeat?.received).toBe(0n);
  });

  it('counts from its arrival, the wait for an unknown agent included', async () => {
    const orchestrator = await mesh.orchestrator();
    const result = orchestrator.ask[caller](task('clock.left', 2000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await mesh.agent(clock, { orchestrators: [orchestrator.address] });
    const left = fromValue((await result).payload);
    expect(left).toBeLessThan(1700);
    expect(left).toBeGreaterThan(0);
  });
});

describe('the time of a call', () => {
  const mesh = new TestMesh();

  // A machine that stands still for longer than the margin may miss it.
  it.each(['Dispatch', 'DispatchStream'] as const)(
    'by %s leaves the margin in which the reason reaches its caller',
    { retry: 3 },
    async (caller) => {
      const { ask } = await mesh.joinedBy(patient().definition);
      const options = { deadline: Deadline.after(1500) };
      expect(await failure(ask[caller](task('patient.work'), options))).toBe(
        'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
      );
    },
  );

  it('that has run out is refused before any recipient of a broadcast hears it', async () => {
    const { rpc } = await mesh.joinedBy(clock);
    const broadcast = collect(rpc.broadcast({ message: { ttl: {} } }));
    expect(await failure(broadcast)).toBe('DEADLINE_EXCEEDED / MESSAGE_EXPIRED');
  });
});

describe.each(CALLERS)('a member that heeds nothing, asked by %s,', (caller) => {
  const mesh = new TestMesh();
  const never = () => new Promise<never>(() => {});
  // biome-ignore lint/correctness/useYield: it never says anything.
  const silence = async function* () {
    await never();
  };

  it.each([
    ['Handle', { handle: never }],
    ['Link', { card: { servesLink: true }, link: silence }],
  ])('by %s has its time all the same', async (_, init) => {
    const { address } = await mesh.member(init);
    const { ask, knows } = await mesh.orchestrator({ static: [address] });
    await knows('stranger');
    const end = failure(ask[caller](task('strange.work', 300)));
    expect(await end).toBe('DEADLINE_EXCEEDED / TASK_TIMED_OUT');
  });
});

describe.each(WAYS)('a caller by $caller, of an agent by $agent,', ({ caller, agent }) => {
  const mesh = new TestMesh({ agents: agent });

  it('that cancels its task stops the work', async () => {
    const { definition, started, stopped } = patient();
    const { ask } = await mesh.joinedBy(definition);
    const cancel = new AbortController();
    const end = failure(ask[caller](task('patient.work'), { signal: cancel.signal }));
    await started;
    cancel.abort();
    expect(await end).toMatch(/^CANCELLED/);
    expect(await stopped).toMatch(/cancel/i);
  });
});

describe.each(CALLERS)('a caller by %s', (caller) => {
  const mesh = new TestMesh();

  it('that cancels while the orchestrator waits for an unknown agent ends the wait', async () => {
    const { ask, rpc } = await mesh.orchestrator();
    const cancel = new AbortController();
    const end = failure(ask[caller](task('nobody.knows'), { signal: cancel.signal }));
    // Once a later call on the same connection is answered, the first has arrived.
    await rpc.listAgents({});
    cancel.abort();
    expect(await end).toMatch(/^CANCELLED/);
    const outcomes = async () => (await rpc.listMessages({})).records.map(({ outcome }) => outcome?.message);
    await expect.poll(outcomes).toEqual([expect.stringContaining('cancelled'), undefined]);
  });
});
