import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { HealthCheckResponse_ServingStatus as Serving } from '../../gen/grpc/health/v1/health_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { type AgentService, AgentServiceLinkResponseSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { troupeError } from '../../services/agent/index.ts';
import type { Reason } from '../../services/protocol/reason.ts';
import { errorOf } from '../../services/protocol/reply.ts';
import { Code } from '../../services/rpc/code.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import type { MemberInit } from './bare-member.ts';
import { type AgentWay, describeFailure, TestMesh, WAYS } from './test-mesh.ts';

/** What a member does before it fails a task. */
type Before = () => unknown;

/** A link that refuses every task with that reason, and says first, where it is asked to, that it drains. */
function refusing(reason: Reason, sayFirst: boolean, before?: Before): Handlers<typeof AgentService>['link'] {
  return async function* (requests) {
    for await (const { messages } of requests) {
      for (const message of messages) {
        if (message.type !== MessageType.TASK) continue;
        await before?.();
        if (sayFirst) {
          const heartbeat = { status: AgentStatus.DRAINING };
          yield create(AgentServiceLinkResponseSchema, {
            messages: [{ type: MessageType.HEARTBEAT, heartbeat }],
          });
        }
        const error = errorOf(message, troupeError(reason, 'Not me.'), { sender: 'pair' });
        yield create(AgentServiceLinkResponseSchema, { messages: [error] });
      }
    }
  };
}

/** A Handle that refuses every task with that reason, and says first, where it is asked to, that it drains. */
function refusingByHandle(reason: Reason, sayFirst: boolean, before?: Before): MemberInit {
  const { promise: drained, resolve: drain } = Promise.withResolvers<void>();
  return {
    async handle({ message }) {
      if (sayFirst) drain();
      await before?.();
      await new Promise((resolve) => setImmediate(resolve));
      return { message: errorOf(message!, troupeError(reason, 'Not me.'), { sender: 'pair' }) };
    },
    health: {
      check: () => ({ status: Serving.SERVING }),
      async *watch() {
        yield { status: Serving.SERVING };
        await drained;
        yield { status: Serving.NOT_SERVING };
        await new Promise(() => {});
      },
    },
  };
}

/** How a task is refused by each way to an agent. */
const refusals = {
  Handle: refusingByHandle,
  Link: (reason: Reason, sayFirst: boolean, before?: Before): MemberInit => ({
    card: { servesLink: true },
    link: refusing(reason, sayFirst, before),
  }),
};

/** How an instance is lost in the middle of a task, by each way to it. */
const losses: Record<AgentWay, (before?: Before) => MemberInit> = {
  Handle: (before) => ({
    async handle() {
      await before?.();
      throw new RpcError(Code.UNAVAILABLE, 'broken');
    },
  }),
  Link: (before) => ({
    card: { servesLink: true },
    // biome-ignore lint/correctness/useYield: the link breaks at its first message.
    async *link(requests) {
      for await (const _ of requests) {
        await before?.();
        throw new Error('broken');
      }
    },
  }),
};

const task = { capability: 'pair.work' };

describe.each(WAYS)('a task by $caller, that an instance by $agent', ({ caller, agent }) => {
  const mesh = new TestMesh();

  /**
   * Two instances of an agent: `one`, which `made` makes with a way to say farewell, and `two`, which answers. What
   * became of the first task that `one` was asked for, and where it went.
   */
  async function pair(made: (farewell: Before) => MemberInit, idempotent = false) {
    const orchestrator = await mesh.orchestrator();
    const { card, ...init } = made(() => orchestrator.rpc.deregister({ agentId: 'pair', instanceId: 'one' }));
    const both = { id: 'pair', capabilities: [{ name: 'pair.work', idempotent }] };
    const one = await mesh.member({ ...init, card: { ...both, ...card, instanceId: 'one' } });
    const handle = () => ({ message: { type: MessageType.RESULT } });
    const two = await mesh.member({ card: { ...both, instanceId: 'two' }, handle });
    for (const [instanceId, { address }] of Object.entries({ one, two }))
      await orchestrator.rpc.register({ agentId: 'pair', instanceId, address });
    while (true) {
      const end = await orchestrator.ask[caller](task).then(
        ({ attempt }) => `done at ${attempt}`,
        describeFailure,
      );
      const { records } = await orchestrator.rpc.listMessages({});
      const tasks = records.filter(({ message }) => message?.type === MessageType.TASK);
      const id = tasks.find(({ instanceId }) => instanceId === 'one')?.message?.id;
      if (!id) continue;
      const asked = tasks.filter(({ message }) => message?.id === id);
      return {
        end,
        asked: asked.map(({ instanceId, message }) => `${instanceId} at ${message?.attempt}`).sort(),
        ...orchestrator,
      };
    }
  }

  it('refuses since it is about to leave, is tried on another, at once', async () => {
    const { end, asked } = await pair(() => refusals[agent]('DRAINING', true));
    expect(end).toBe('done at 2');
    expect(asked).toEqual(['one at 1', 'two at 2']);
  });

  it('refuses since it has said farewell, is tried on another, at once', async () => {
    const { end, asked } = await pair((farewell) => refusals[agent]('DRAINING', false, farewell));
    expect(end).toBe('done at 2');
    expect(asked).toEqual(['one at 1', 'two at 2']);
  });

  it('refuses since it has too much to do, is tried on another, as no work was done', async () => {
    const { end, asked } = await pair(() => refusals[agent]('OVERLOADED', false));
    expect(end).toBe('done at 2');
    expect(asked).toEqual(['one at 1', 'two at 2']);
  });

  it('refuses for a reason of its own, is not tried on another', async () => {
    const { end, asked } = await pair(() => refusals[agent]('HANDLER_FAILED', false));
    expect(end).toBe('UNKNOWN / HANDLER_FAILED');
    expect(asked).toEqual(['one at 1']);
  });

  it('refuses as another whom it asked is leaving, though not itself, is not tried on another', async () => {
    const { end, asked } = await pair(() => refusals[agent]('DRAINING', false));
    expect(end).toBe('UNAVAILABLE / DRAINING');
    expect(asked).toEqual(['one at 1']);
  });

  it('loses, is tried on another, where its capability is idempotent', async () => {
    const { end, asked } = await pair(() => losses[agent](), true);
    expect(end).toBe('done at 2');
    expect(asked).toEqual(['one at 1', 'two at 2']);
  });

  it('loses after it has said farewell, is tried on another, where its capability is idempotent', async () => {
    const { end, asked } = await pair((farewell) => losses[agent](farewell), true);
    expect(end).toBe('done at 2');
    expect(asked).toEqual(['one at 1', 'two at 2']);
  });

  it('loses, is not tried on another, as work may have been done', async () => {
    const { end, asked, shows } = await pair(() => losses[agent]());
    expect(end).toBe('UNAVAILABLE / INSTANCE_LOST');
    expect(asked).toEqual(['one at 1']);
    await shows('pair', (now) => now?.instances.length === 2);
  });
});
