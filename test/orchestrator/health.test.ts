import { describe, expect, it } from 'vitest';
import { HealthCheckResponse_ServingStatus as Serving } from '../../gen/grpc/health/v1/health_pb.js';
import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { Deadline } from '../../services/rpc/deadline.ts';
import { echo } from './agents.ts';
import type { MemberInit } from './bare-member.ts';
import { failure, failureOf, TestMesh, type TestOrchestrator } from './test-mesh.ts';

const mesh = new TestMesh();

/** A member whose health a test changes as it goes along. */
function ailing(): { init: MemberInit; feel(status: Serving): void } {
  let now = Serving.SERVING;
  let changed = Promise.withResolvers<void>();
  const handle = ({ message }: { message?: AgentMessage }) =>
    message?.type === MessageType.HEARTBEAT
      ? { message: { type: MessageType.HEARTBEAT, heartbeat: { status: AgentStatus.IDLE } } }
      : { message: { type: MessageType.RESULT } };
  return {
    init: {
      handle,
      health: {
        check: () => ({ status: now }),
        async *watch(_, { signal }) {
          while (!signal.aborted) {
            yield { status: now };
            await changed.promise;
          }
        },
      },
    },
    feel(status) {
      now = status;
      const told = changed;
      changed = Promise.withResolvers();
      told.resolve();
    },
  };
}

async function joined(init: MemberInit): Promise<TestOrchestrator> {
  const { address } = await mesh.member(init);
  const orchestrator = await mesh.orchestrator();
  await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'stranger-1', address });
  return orchestrator;
}

const task = { message: { capability: 'strange.work' } };

describe('the health of an instance', () => {
  it('keeps it out of routing while it says NOT_SERVING, whatever its heartbeats say', async () => {
    const { init, feel } = ailing();
    const { rpc, shows, knows } = await joined(init);
    await rpc.dispatch(task);
    feel(Serving.NOT_SERVING);
    await shows('stranger', (now) => now?.status === AgentStatus.DRAINING);
    expect(await failure(rpc.dispatch(task))).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    expect((await rpc.checkHealth({})).agents).toEqual({ stranger: AgentStatus.DRAINING });
    expect(await failure(rpc.dispatch(task))).toBe('UNAVAILABLE / NO_LIVE_INSTANCE');
    feel(Serving.SERVING);
    await knows('stranger');
    await rpc.dispatch(task);
  });

  it('is asked for when it joins', async () => {
    const { init, feel } = ailing();
    feel(Serving.NOT_SERVING);
    const { rpc } = await joined(init);
    const { agent } = await rpc.getAgent({ agentId: 'stranger' });
    expect(agent?.status).toBe(AgentStatus.DRAINING);
  });

  it('is watched again when the watch breaks', async () => {
    const { init, feel } = ailing();
    const { watch } = init.health!;
    let watches = 0;
    init.health!.watch = (request, context) => {
      watches += 1;
      return watches === 1 ? (async function* () {})() : watch!(request, context);
    };
    const { shows } = await joined(init);
    feel(Serving.NOT_SERVING);
    await shows('stranger', (now) => now?.status === AgentStatus.DRAINING);
    expect(watches).toBe(2);
  });

  it('need not be served: the instance then takes tasks while it is connected', async () => {
    const { rpc, knows } = await joined({ handle: () => ({ message: { type: MessageType.RESULT } }) });
    await knows('stranger');
    await rpc.dispatch(task);
  });

  it('of one instance says nothing about another', async () => {
    const { init, feel } = ailing();
    const orchestrator = await joined(init);
    const { address } = await mesh.member({
      card: { instanceId: 'stranger-2' },
      handle: () => ({ message: { type: MessageType.RESULT } }),
    });
    await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'stranger-2', address });
    feel(Serving.NOT_SERVING);
    const draining = (now?: { instances: { status: AgentStatus }[] }) =>
      now?.instances.some(({ status }) => status === AgentStatus.DRAINING) ?? false;
    await orchestrator.shows('stranger', draining);
    for (let i = 0; i < 4; i++) expect((await orchestrator.rpc.dispatch(task)).instanceId).toBe('stranger-2');
  });
});

describe('CheckHealth', () => {
  it('tells the status of every agent, OFFLINE where nothing answers in two seconds', async () => {
    const orchestrator = await mesh.orchestrator();
    await mesh.agent(echo(), { orchestrators: [orchestrator.address] });
    await orchestrator.knows('echo');
    const frozen = await mesh.member({ card: { id: 'frozen' }, handle: () => new Promise(() => {}) });
    const refusing = await mesh.member({ card: { id: 'plain', instanceId: 'p' } });
    const announce = (agentId: string, instanceId: string, address: string) =>
      orchestrator.rpc.register({ agentId, instanceId, address });
    await announce('frozen', 'stranger-1', frozen.address);
    await announce('plain', 'p', refusing.address);
    // One that does not know heartbeats has answered all the same.
    expect((await orchestrator.rpc.checkHealth({})).agents).toEqual({
      echo: AgentStatus.IDLE,
      frozen: AgentStatus.OFFLINE,
      plain: AgentStatus.IDLE,
    });
    expect((await orchestrator.rpc.checkHealth({ agentId: 'echo' })).agents).toEqual({
      echo: AgentStatus.IDLE,
    });
  });

  it('answers within the deadline of its caller', async () => {
    const { rpc } = await joined({ handle: () => new Promise(() => {}) });

    const { agents } = await rpc.checkHealth({}, { deadline: Deadline.after(400) });
    expect(agents).toEqual({ stranger: AgentStatus.OFFLINE });
  });

  it('refuses an agent that is not known, and tells where to look', async () => {
    const { rpc } = await mesh.orchestrator();
    const error = await failureOf(rpc.checkHealth({ agentId: 'nobody' }));
    expect(error.message).toContain('ListAgents');
    expect(await failure(Promise.reject(error))).toBe('NOT_FOUND / AGENT_NOT_FOUND');
  });

  it('is not misled by a status that no instance may have', async () => {
    const heartbeat = { status: AgentStatus.OFFLINE };
    const { rpc, knows } = await joined({
      handle: () => ({ message: { type: MessageType.HEARTBEAT, heartbeat } }),
    });
    expect((await rpc.checkHealth({})).agents).toEqual({ stranger: AgentStatus.IDLE });
    await knows('stranger');
  });
});
