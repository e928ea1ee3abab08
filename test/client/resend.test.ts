import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HeartbeatSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  OrchestratorService,
  OrchestratorServiceLinkResponseSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { serveAgent, type TaskContext, troupeError } from '../../services/agent/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { serveLink } from '../../services/protocol/link/serve-link.ts';
import { errorInfoOf, reasonOf } from '../../services/protocol/reason.ts';
import { progressOf, resultOf } from '../../services/protocol/reply.ts';
import type { TaskHandler } from '../../services/protocol/task-sink.ts';
import { durationToMs } from '../../services/protocol/ttl.ts';
import { Code } from '../../services/rpc/code.ts';
import type { BidiHandler } from '../../services/rpc/handlers.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { vacantAddress } from '../rpc/listeners.ts';
import { caller, mesh, withoutLink } from './mesh.ts';

/** An orchestrator at an address, and an agent `worker`, closed after the test. */
async function meshAt(address: string) {
  const orchestrator = await startOrchestrator({ listen: address });
  const echo = { handle: (input: never) => input };
  const agent = await serveAgent({ id: 'worker', capabilities: { echo } }, { orchestrators: [address] });
  onTestFinished(async () => {
    await agent.close();
    await orchestrator.close();
  });
  return { orchestrator, agent };
}

/** An agent whose one task can be seen to begin, and is let go of by the test. */
function held(
  act: (task: TaskContext) => unknown = () => null,
  before: (task: TaskContext) => unknown = () => null,
) {
  const started = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let begun = 0;
  const handle = async (_: never, task: TaskContext) => {
    begun++;
    await before(task);
    started.resolve();
    await go.promise;
    return (await act(task)) as null;
  };
  const definition = {
    id: 'worker',
    capabilities: { work: { handle }, echo: { handle: (input: never) => input } },
  };
  return { definition, started: started.promise, go: () => go.resolve(), begun: () => begun };
}

/** An orchestrator that does with tasks over its link as the test says, and nothing else. */
async function orchestratorThat(task: TaskHandler) {
  const link: BidiHandler<typeof OrchestratorService.method.link> = (requests, context) =>
    serveLink(requests, context, {
      id: 'orchestrator',
      schema: OrchestratorServiceLinkResponseSchema,
      task,
      broadcast: async () => undefined,
      heartbeat: () => create(HeartbeatSchema),
    });
  const server = new RpcServer({ services: [bind(OrchestratorService, { link } as never)] });
  onTestFinished(() => server.close());
  return { address: await server.listen('127.0.0.1:0') };
}

describe('A task that is sent again', () => {
  it('is the same message, with the time that remains to it then', async () => {
    const seen: { id: string; ttlMs: number; key: string }[] = [];
    const { address } = await orchestratorThat((task, sink) => {
      seen.push({ id: task.id, ttlMs: durationToMs(task.ttl!), key: task.idempotencyKey });
      if (seen.length < 4) sink.error(troupeError('DRAINING', 'I am about to leave.'));
      else sink.result(resultOf(task, 'done'));
    });
    const options = { timeoutMs: 20_000, idempotencyKey: 'order-7' };
    expect((await caller(address).dispatch('work', null, options)).payload).toBe('done');
    expect(new Set(seen.map(({ id, key }) => `${id} ${key}`)).size).toBe(1);
    expect(seen.map(({ ttlMs }) => ttlMs)).toEqual(seen.map(({ ttlMs }) => ttlMs).sort((a, b) => b - a));
    expect(seen[0]!.ttlMs).toBeGreaterThan(seen[3]!.ttlMs);
  });
});

describe('A call while no orchestrator is there', () => {
  it('waits for one that comes within its time, of the state too', async () => {
    const address = await vacantAddress();
    const troupe = caller(address);
    const asked = [1, 2, 3].map((n) => troupe.dispatch('echo', n, { timeoutMs: 20_000 }));
    const entry = troupe.state.get('key');
    await failureOf(caller(address, { reachMs: 0 }).reach());
    await meshAt(address);
    expect((await Promise.all(asked)).map(({ payload }) => payload)).toEqual([1, 2, 3]);
    expect(await entry).toBeUndefined();
  });

  it.each([
    ['its own time is up', { reachMs: 60_000 }, { timeoutMs: 300 }],
    ['it has waited as long as it may', { reachMs: 300 }, {}],
  ])('fails UNAVAILABLE when %s, and says why', async (_, options, bounds) => {
    const address = await vacantAddress();
    const error = await failureOf(caller(address, options).dispatch('echo', 1, bounds));
    expect(error.code).toBe(Code.UNAVAILABLE);
    expect(error.message).toContain(`Nobody answers at ${address}`);
  });

  it('fails as soon as it is cancelled, or its caller closes', async () => {
    const troupe = caller(await vacantAddress());
    const controller = new AbortController();
    const cancelled = reasonIn(troupe.dispatch('echo', 1, { signal: controller.signal }));
    const closed = failureOf(troupe.dispatch('echo', 1));
    controller.abort();
    expect(await cancelled).toBe('TASK_CANCELLED');
    troupe.close();
    expect((await closed).code).toBe(Code.UNAVAILABLE);
  });
});

describe('A call that crosses the drain of its orchestrator', () => {
  it.each([
    ['over a link', async (address: string) => address],
    ['without a link', async (address: string) => (await withoutLink(address)).address],
  ])('%s goes on to another', async (_, front) => {
    const { address: second } = await mesh();
    const { definition, started, go } = held();
    const { address, orchestrator } = await mesh(definition);
    const troupe = caller([await front(address), second]);
    const working = troupe.dispatch('work', null);
    await started;
    const drained = orchestrator.drain();
    expect((await troupe.dispatch('echo', 1)).payload).toBe(1);
    expect(await Array.fromAsync(troupe.broadcast('news'))).toHaveLength(1);
    go();
    expect((await working).payload).toBeNull();
    await drained;
  });

  it('is that of a handler at work there, which still has the state that is kept there', async () => {
    const { address: other } = await mesh();
    const work = held(
      async ({ state }) => {
        await sleep(50);
        return (await state.set('key', 'written')).value;
      },
      // From here on it has a link, and hears that the orchestrator is about to leave.
      (task) => task.call('echo', null),
    );
    const { orchestrator, address } = await mesh(work.definition, 'Link', [other]);
    const asked = caller(address).dispatch('work', null);
    await work.started;
    const drained = orchestrator.drain();
    work.go();
    expect((await asked).payload).toBe('written');
    expect(await caller(other).state.get('key')).toBeUndefined();
    await drained;
  });
});

describe('A task on which work may have been done is not sent again', () => {
  it('when the orchestrator is lost', async () => {
    const { definition, started, begun } = held();
    const { orchestrator, address } = await mesh(definition);
    const troupe = caller(address);
    const asked = reasonIn(troupe.dispatch('work', null));
    await started;
    await orchestrator.close();
    expect(await asked).toBe('INSTANCE_LOST');
    expect(begun()).toBe(1);
  });

  it('when PROGRESS of it was seen, whatever is said after that', async () => {
    let begun = 0;
    const { address } = await orchestratorThat((task, sink) => {
      begun++;
      sink.progress(progressOf(task, 1, 'begun'));
      sink.error(troupeError('DRAINING', 'I am about to leave.'));
    });
    const events: unknown[] = [];
    const read = async () => {
      for await (const event of caller(address).dispatchStream('work', null)) events.push(event.type);
    };
    expect(await reasonIn(read())).toBe('DRAINING');
    expect([begun, events]).toEqual([1, ['progress']]);
  });

  it('when its agent passes on that another was leaving, which then says of which agent it is', async () => {
    const work = held(() => {
      throw troupeError('DRAINING', 'Whom I asked was about to leave.');
    });
    const { address } = await mesh(work.definition);
    work.go();
    const error = await failureOf(caller(address).dispatch('work', null));
    expect([reasonOf(error), errorInfoOf(error)?.metadata.agent]).toEqual(['DRAINING', 'worker']);
    expect(work.begun()).toBe(1);
  });
});
