import { describe, expect, it, onTestFinished } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus } from '../../gen/grpc/health/v1/health_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { fromValue, type JsonValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { agentWithoutLink } from '../orchestrator/without-link.ts';
import { reasonIn } from '../protocol/link/messages.ts';
import { refusal } from '../protocol/refusal.ts';
import { DOORS, served } from './agents.ts';

/** A capability that is worked on until a test lets it end. */
function held() {
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<JsonValue>();
  const handle = () => {
    started.resolve();
    return end.promise;
  };
  return { handle, started: started.promise, end: end.resolve };
}

describe.each(DOORS)('An agent that drains, at %s', (door) => {
  it('finishes what is in flight, refuses what is new, and says how it is', async () => {
    const work = held();
    const { agent, ask } = await served({ capabilities: { work } });
    const first = ask[door]({});
    await work.started;
    const drained = agent.drain();
    expect(await reasonIn(ask.Handle({}))).toBe('DRAINING');
    const beat = await ask.Handle({ type: MessageType.HEARTBEAT });
    expect(beat?.heartbeat).toMatchObject({ status: AgentStatus.DRAINING, inFlight: 1 });
    work.end('finished');
    expect(fromValue((await first)?.payload)).toBe('finished');
    await drained;
  });

  it('cuts off what is not finished in time', async () => {
    const work = held();
    const { agent, ask } = await served({ capabilities: { work } });
    const first = reasonIn(ask[door]({}));
    await work.started;
    await agent.drain(50);
    // Over Handle it is the call that ends, with the server's own word.
    expect(await first).toBe(door === 'Link' ? 'INSTANCE_LOST' : undefined);
  });
});

/** What may be given for a grace time, and is none. */
const NO_TIMES = [Number.NaN, -1, '5s' as never];

it.each(NO_TIMES)(
  'An agent that is told to drain within %o refuses, and goes on serving',
  async (graceMs) => {
    const { agent, ask } = await served({ capabilities: { work: { handle: () => 'done' } } });
    const { reason, text } = await refusal(() => agent.drain(graceMs));
    expect(reason).toBe('INVALID_MESSAGE');
    expect(text).toMatch(/^The option graceMs is .*: it must be a number of milliseconds from 0/);
    expect(fromValue((await ask.Link({}))?.payload)).toBe('done');
  },
);

it('An agent that drains is NOT_SERVING to its health', async () => {
  const work = held();
  const { agent, ask } = await served({ capabilities: { work } });
  const first = ask.Link({});
  await work.started;
  const drained = agent.drain();
  const channel = new Channel(agent.address);
  const { status } = await createClient(Health, channel).check({});
  expect(status).toBe(HealthCheckResponse_ServingStatus.NOT_SERVING);
  channel.close();
  work.end(null);
  await first;
  await drained;
});

it.each([
  ['Link', serveAgent],
  ['Handle', agentWithoutLink],
])(
  'An agent by %s that drains finishes the tasks of its orchestrator, which sends the next ones elsewhere',
  async (_, serve) => {
    const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
    const troupe = new Troupe(orchestrator.address);
    const works = [held(), held()];
    const [leaving, staying] = await Promise.all(
      works.map((work, n) =>
        serve(
          { id: 'worker', capabilities: { work } },
          { orchestrators: [orchestrator.address], instanceId: `worker-${n}` },
        ),
      ),
    );
    onTestFinished(async () => {
      troupe.close();
      await Promise.all([leaving!.close(), staying!.close()]);
      await orchestrator.close();
    });
    const { orchestrator: service } = await troupe.reach();
    const instances = async () => (await service.getAgent({ agentId: 'worker' })).agent?.instances ?? [];
    while ((await instances().catch(() => [])).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 10));

    const first = [troupe.dispatch('work', null), troupe.dispatch('work', null)];
    await Promise.all(works.map(({ started }) => started));
    const drained = leaving!.drain();
    while ((await instances()).every(({ status }) => status !== AgentStatus.DRAINING)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const next = [troupe.dispatch('work', null), troupe.dispatch('work', null)];
    works[1]!.end('stayed');
    expect((await Promise.all(next)).map(({ payload }) => payload)).toEqual(['stayed', 'stayed']);
    works[0]!.end('left');
    expect((await Promise.all(first)).map(({ payload }) => payload).sort()).toEqual(['left', 'stayed']);
    await drained;
    expect((await instances()).map(({ card }) => card?.instanceId)).toEqual(['worker-1']);
  },
);
