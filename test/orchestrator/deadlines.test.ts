import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { toValue } from '../../services/protocol/value.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { patient } from './agents.ts';
import { collect, failure, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();

/** Tells how long its task may take. */
const clock: AgentDefinition = {
  id: 'clock',
  capabilities: {
    'clock.left': { handle: (_, { remainingMs }) => remainingMs },
    'clock.short': { defaultTtlMs: 2000, handle: (_, { remainingMs }) => remainingMs },
  },
};

async function meshOf(definition: AgentDefinition) {
  const orchestrator = await mesh.orchestrator();
  await mesh.agent(definition, { orchestrators: [orchestrator.address] });
  await orchestrator.knows(definition.id);
  return orchestrator;
}

describe('the time of a task', () => {
  const message = (capability: string, ttlMs?: number) => ({
    message: {
      capability,
      ...(ttlMs !== undefined && {
        ttl: { seconds: BigInt(Math.floor(ttlMs / 1000)), nanos: (ttlMs % 1000) * 1e6 },
      }),
    },
  });

  it.each([
    ['the deadline of the call', 'clock.left', undefined, 4000, [3000, 3951]],
    ['its ttl', 'clock.left', 3000, undefined, [2000, 2951]],
    ['the shorter of both', 'clock.left', 9000, 4000, [3000, 3951]],
    ["the capability's default", 'clock.short', undefined, undefined, [1000, 1951]],
    ['30 s where nobody says', 'clock.left', undefined, undefined, [29_000, 29_951]],
    ['one hour at the most', 'clock.left', 10 * 365 * 86_400_000, undefined, [3_590_000, 3_599_951]],
  ] as const)('is %s, less a margin at each hop', async (_, capability, ttlMs, deadlineMs, [least, most]) => {
    const { rpc } = await meshOf(clock);
    // The client's own default for unary calls, 30 s, is no word of its caller's.
    const deadline = deadlineMs === undefined ? Deadline.never : Deadline.after(deadlineMs);
    const { message: result } = await rpc.dispatch(message(capability, ttlMs), { deadline });
    const left = Number(result?.payload?.kind.value);
    expect(left).toBeGreaterThan(least);
    expect(left).toBeLessThan(most);
  });

  it.each(['dispatch', 'send'] as const)(
    'that runs out in the middle of %s is told with its reason',
    async (rpc) => {
      const { definition, stopped } = patient();
      const orchestrator = await meshOf(definition);
      const task = {
        ...message('patient.work', 300).message,
        ...(rpc === 'send' && { receiver: 'patient' }),
      };
      expect(await failure(orchestrator.rpc[rpc]({ message: task }))).toBe(
        'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
      );
      // The agent heard it by its own clock, or by a CANCEL: its work stops.
      expect(await stopped).toMatch(/time ran out/);
    },
  );

  // A machine that stands still for longer than the margin may miss it.
  it('leaves the margin in which the reason reaches its caller', { retry: 3 }, async () => {
    const { rpc } = await meshOf(patient().definition);
    const options = { deadline: Deadline.after(1500) };
    expect(await failure(rpc.dispatch(message('patient.work'), options))).toBe(
      'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
    );
  });

  it('that runs out over a link, or in a stream, is told with its reason', async () => {
    const { definition } = patient();
    const { rpc, troupe } = await meshOf(definition);
    expect(await failure(troupe.dispatch('patient.work', null, { timeoutMs: 300 }))).toBe(
      'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
    );
    expect(await failure(rpc.dispatchStream(message('patient.work', 300)))).toBe(
      'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
    );
  });

  it('runs out at a member that heeds nothing', async () => {
    const { address } = await mesh.member({ handle: () => new Promise(() => {}) });
    const { rpc } = await mesh.orchestrator({ static: [address] });
    expect(await failure(rpc.dispatch(message('strange.work', 300)))).toBe(
      'DEADLINE_EXCEEDED / TASK_TIMED_OUT',
    );
  });

  it('that has run out is refused before any work', async () => {
    const { rpc } = await meshOf(clock);
    for (const call of [
      () => rpc.dispatch(message('clock.left', 0)),
      () => collect(rpc.dispatchStream(message('clock.left', 0))),
      () => collect(rpc.broadcast({ message: { ttl: {} } })),
    ]) {
      expect(await failure(call())).toBe('DEADLINE_EXCEEDED / MESSAGE_EXPIRED');
    }
    const { message: heartbeat } = await rpc.send({
      message: { receiver: 'clock', type: MessageType.HEARTBEAT },
    });
    expect(heartbeat?.heartbeat?.received).toBe(0n);
  });

  it('counts from its arrival, the wait for an unknown agent included', async () => {
    const orchestrator = await mesh.orchestrator();
    const result = orchestrator.rpc.dispatch({ ...message('clock.left', 1500) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await mesh.agent(clock, { orchestrators: [orchestrator.address] });
    const left = Number((await result).message?.payload?.kind.value);
    expect(left).toBeLessThan(1000);
    expect(left).toBeGreaterThan(0);
  });
});

describe('a caller that cancels', () => {
  it.each(['unary', 'stream', 'link'] as const)('a task by %s stops the work at the agent', async (way) => {
    const { definition, started, stopped } = patient();
    const { rpc, troupe } = await meshOf(definition);
    const caller = new AbortController();
    const { signal } = caller;
    const task = { message: { capability: 'patient.work', payload: toValue(null) } };
    const end = failure(
      {
        unary: () => rpc.dispatch(task, { signal }),
        stream: () => collect(rpc.dispatchStream(task, { signal })),
        link: () => troupe.dispatch('patient.work', null, { signal }),
      }[way](),
    );
    await started;
    caller.abort();
    expect(await end).toMatch(/^CANCELLED/);
    expect(await stopped).toMatch(/cancel/i);
  });

  it('a task of a member without a link resets its call', async () => {
    const begun = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const { address } = await mesh.member({
      handle(_, { signal }) {
        signal.addEventListener('abort', () => cancelled.resolve());
        begun.resolve();
        return new Promise(() => {});
      },
    });
    const { rpc } = await mesh.orchestrator({ static: [address] });
    const caller = new AbortController();
    const end = failure(rpc.dispatch({ message: { capability: 'strange.work' } }, { signal: caller.signal }));
    await begun.promise;
    caller.abort();
    await cancelled.promise;
    expect(await end).toMatch(/^CANCELLED/);
  });

  it('while the orchestrator waits for an unknown agent ends the wait', async () => {
    const { rpc } = await mesh.orchestrator();
    const caller = new AbortController();
    const end = failure(rpc.dispatch({ message: { capability: 'nobody.knows' } }, { signal: caller.signal }));
    // Once a later call on the same connection is answered, the first has arrived.
    await rpc.listAgents({});
    caller.abort();
    expect(await end).toMatch(/^CANCELLED/);
    const outcomes = async () => (await rpc.listMessages({})).records.map(({ outcome }) => outcome?.message);
    await expect.poll(outcomes).toEqual([expect.stringContaining('cancelled'), undefined]);
  });
});
