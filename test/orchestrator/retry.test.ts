import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { type AgentService, AgentServiceLinkResponseSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { troupeError } from '../../services/agent/index.ts';
import { errorOf } from '../../services/protocol/reply.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { collect, failure, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();

/** A link that refuses every task with that reason, and says first, where it is asked to, that it drains. */
function refusing(
  reason: 'DRAINING' | 'OVERLOADED',
  sayFirst: boolean,
): Handlers<typeof AgentService>['link'] {
  return async function* (requests) {
    for await (const { messages } of requests) {
      for (const message of messages) {
        if (message.type !== MessageType.TASK) continue;
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

const answers = () => ({ message: { type: MessageType.RESULT } });

/** Two instances of an agent: `one`, which serves the link given, and `two`, which answers. */
async function pair(link: Handlers<typeof AgentService>['link'], handle = answers) {
  const card = { id: 'pair', capabilities: [{ name: 'pair.work' }] };
  const one = await mesh.member({ card: { ...card, instanceId: 'one', servesLink: true }, link });
  const two = await mesh.member({ card: { ...card, instanceId: 'two' }, handle });
  const orchestrator = await mesh.orchestrator();
  for (const [instanceId, { address }] of Object.entries({ one, two }))
    await orchestrator.rpc.register({ agentId: 'pair', instanceId, address });
  return orchestrator;
}

const task = { message: { capability: 'pair.work' } };

describe('a task that an instance refuses', () => {
  it('since it is about to leave is tried on another, at once', async () => {
    const { rpc } = await pair(refusing('DRAINING', true));
    const responses = [await rpc.dispatch(task), await rpc.dispatch(task)];
    // In whichever order they were asked: only the one that crossed the news was tried twice.
    expect(responses.map(({ instanceId }) => instanceId)).toEqual(['two', 'two']);
    expect(responses.map(({ attempt }) => attempt).sort()).toEqual([1, 2]);
    const [last] = await collect(rpc.dispatchStream(task));
    expect(last).toMatchObject({ instanceId: 'two', attempt: 1 });
  });

  it('for a reason of its own is not tried on another', async () => {
    const { rpc } = await pair(refusing('OVERLOADED', false));
    const ends = [await outcome(rpc.dispatch(task)), await outcome(rpc.dispatch(task))];
    expect(ends.sort()).toEqual(['RESOURCE_EXHAUSTED / OVERLOADED', 'two at 1']);
  });

  it('as another whom it asked is leaving, though not itself, is not tried on another', async () => {
    const { rpc } = await pair(refusing('DRAINING', false));
    const ends = [await outcome(rpc.dispatch(task)), await outcome(rpc.dispatch(task))];
    expect(ends.sort()).toEqual(['UNAVAILABLE / DRAINING', 'two at 1']);
  });
});

describe('a task whose instance is lost', () => {
  it('is not tried on another, as work may have been done', async () => {
    // biome-ignore lint/correctness/useYield: the link breaks at its first message.
    const breaking: Handlers<typeof AgentService>['link'] = async function* (requests) {
      for await (const _ of requests) throw new Error('broken');
    };
    const { rpc, shows } = await pair(breaking);
    const ends = [await outcome(rpc.dispatch(task)), await outcome(rpc.dispatch(task))];
    expect(ends.sort()).toEqual(['UNAVAILABLE / INSTANCE_LOST', 'two at 1']);
    await shows('pair', (now) => now?.instances.length === 2);
  });
});

async function outcome(call: Promise<{ instanceId: string; attempt: number }>): Promise<string> {
  return call.then(
    ({ instanceId, attempt }) => `${instanceId} at ${attempt}`,
    (error) => failure(Promise.reject(error)),
  );
}
