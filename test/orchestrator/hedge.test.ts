import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { reasonOf } from '../../services/protocol/reason.ts';
import { toValue } from '../../services/protocol/value.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import type { News } from './callers.ts';
import { fleetOf, followed, until } from './fleet.ts';
import { collect, failure, TestMesh } from './test-mesh.ts';

const ask = { capability: 'fleet.work', routing: { hedge: true } };

describe('a task that may be hedged', () => {
  const mesh = new TestMesh();

  /** Two instances that have been quick so often that it is known what is slow; from then on a test follows them. */
  async function quickSoFar({ idempotent = true } = {}) {
    const work = followed();
    let isQuick = true;
    const fleet = await fleetOf(mesh, ['one', 'two'], {
      idempotent,
      handle: (name, task, input) => (isQuick ? name : work.handle(name, task, input)),
    });
    const { troupe } = fleet.orchestrator;
    const beQuick = async () => {
      isQuick = true;
      for (let i = 0; i < 40; i++) await troupe.dispatch('fleet.work', null);
      isQuick = false;
    };
    await beQuick();
    return { ...work, fleet, troupe, beQuick };
  }

  /** What the orchestrator tells the instance whose work is not needed any more. */
  function stopOf(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve(reasonOf(RpcError.from(signal.reason)))),
    );
  }

  it('asks a second instance where the first is silent; the first answer counts, and the other is cancelled', async () => {
    const { fleet, begun, hasBegun } = await quickSoFar();
    const heard: News[] = [];
    const ended = new Promise<void>((resolve) =>
      fleet.orchestrator.send.Link(ask, {}, (news) => {
        heard.push(news);
        resolve();
      }),
    );
    await hasBegun(2);
    const [first, second] = begun as [(typeof begun)[0], (typeof begun)[0]];
    expect(second.name).not.toBe(first.name);
    expect([first, second].map(({ task }) => task.message.attempt)).toEqual([1, 2]);
    const stopped = stopOf(first.task.signal);
    second.finish();
    await ended;
    expect(await stopped).toBe('TASK_CANCELLED');
    first.finish();
    // Whatever the loser still says has arrived once another task of it has ended.
    for (const { name } of [first, second]) {
      const other = fleet.orchestrator.troupe.dispatch('fleet.work', null, { labels: { name } });
      await hasBegun(begun.length + 1);
      begun.at(-1)!.finish();
      await other;
    }
    expect(heard).toMatchObject([{ type: 'result', message: { sender: 'fleet', attempt: 2 } }]);
    const candidates = await fleet.orchestrator.troupe.explain('fleet.work');
    expect(candidates.map(({ inFlight, failureShare }) => [inFlight, failureShare])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('belongs to the first that tells progress', async () => {
    const { fleet, begun, hasBegun } = await quickSoFar();
    const progress: number[] = [];
    const ended = fleet.orchestrator.ask.Link(ask, { onProgress: ({ attempt }) => progress.push(attempt) });
    await hasBegun(2);
    const [first, second] = begun;
    const stopped = stopOf(second!.task.signal);
    first!.task.progress('half');
    expect(await stopped).toBe('TASK_CANCELLED');
    first!.finish();
    expect((await ended).attempt).toBe(1);
    expect(progress).toEqual([1]);
  });

  it('names the instance that has it, though another was asked after that', async () => {
    const { fleet, begun, hasBegun } = await quickSoFar();
    const { rpc } = fleet.orchestrator;
    const asks = [
      () => rpc.dispatch({ message: ask }),
      async () => (await collect(rpc.dispatchStream({ message: ask }))).at(-1),
    ];
    for (const asked of asks) {
      const ended = asked();
      const first = begun.length;
      await hasBegun(first + 2);
      begun[first]!.finish();
      expect(await ended).toMatchObject({
        instanceId: begun[first]!.name,
        attempt: 1,
        message: { attempt: 1 },
      });
    }
  });

  const work = { name: 'pair.work', idempotent: true, inputSchema: { type: 'object' } };

  it.each([
    { what: 'must not have its input', second: { checksInput: false, capabilities: [work] } },
    {
      what: 'may not do its work twice',
      second: { checksInput: true, capabilities: [{ ...work, idempotent: false }] },
    },
  ])('asks no second instance that $what', async ({ second }) => {
    const { rpc } = await mesh.orchestrator();
    const { promise: begun, resolve: begin } = Promise.withResolvers<string>();
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const asked = { first: [] as string[], second: [] as string[] };
    const cards = { first: { checksInput: true, capabilities: [work] }, second };
    for (const instanceId of ['first', 'second'] as const) {
      const { address } = await mesh.member({
        card: { id: 'pair', instanceId, labels: { name: instanceId }, ...cards[instanceId] },
        async handle({ message }) {
          const { id, task } = message!;
          asked[instanceId].push(id);
          if (instanceId === 'first' && task === 'slow') {
            begin(id);
            await finished;
          }
          return { message: { type: MessageType.RESULT } };
        },
      });
      await rpc.register({ agentId: 'pair', instanceId, address });
    }
    const beQuick = async (labels = {}) => {
      const message = { capability: 'pair.work', payload: toValue({}), routing: { labels } };
      for (let i = 0; i < 40; i++) await rpc.dispatch({ message });
    };
    await beQuick();
    const slow = { capability: 'pair.work', task: 'slow', payload: toValue(1) };
    const ends: Promise<unknown>[] = [];
    let id: string | undefined;
    // Every other key leads to the first one, however quick that was.
    for (let key = 0; id === undefined; key++) {
      const routing = { hedge: true, affinityKey: `${key}` };
      const end = rpc.dispatch({ message: { ...slow, routing } }).catch(() => {});
      ends.push(end);
      id = await Promise.race([begun, end.then(() => undefined)]);
    }
    // In this time, the second one would have been asked long since.
    await beQuick({ name: 'second' });
    expect(asked.second).not.toContain(id);
    finish();
    await Promise.all(ends);
  });

  it('is cancelled everywhere when its caller cancels it', async () => {
    const { troupe, begun, hasBegun } = await quickSoFar();
    const cancel = new AbortController();
    const ended = failure(troupe.dispatch('fleet.work', null, { hedge: true, signal: cancel.signal }));
    await hasBegun(2);
    const stopped = Promise.all(begun.map(({ task }) => stopOf(task.signal)));
    cancel.abort();
    expect(await stopped).toEqual(['TASK_CANCELLED', 'TASK_CANCELLED']);
    expect(await ended).toBe('CANCELLED / TASK_CANCELLED');
  });

  it('ends as the other one does where one fails', async () => {
    const { fleet, troupe, begun, hasBegun } = await quickSoFar();
    const ended = troupe.dispatch('fleet.work', null, { hedge: true });
    await hasBegun(2);
    const [first, second] = begun;
    second!.fail(new Error('That is no number.'));
    // Its failure has arrived once the instance is known to have nothing to do.
    const inFlight = async () => {
      const candidates = await fleet.orchestrator.troupe.explain('fleet.work');
      return candidates.find(({ instanceId }) => instanceId === second!.name)!.inFlight;
    };
    await until(inFlight, 0);
    first!.finish();
    expect(await ended).toMatchObject({ attempt: 1, payload: first!.name });
  });

  it('is tried again where both are lost', async () => {
    const { fleet, troupe, begun, hasBegun } = await quickSoFar();
    const ended = troupe.dispatch('fleet.work', null, { hedge: true });
    await hasBegun(2);
    await fleet.join('three');
    await Promise.all(['one', 'two'].map((name) => fleet.instances.get(name)!.close()));
    await hasBegun(3);
    begun[2]!.finish();
    expect(await ended).toMatchObject({ attempt: 3, payload: 'three' });
  });

  it.each([
    { what: 'it does not ask for that', hedge: false, idempotent: true },
    { what: 'its capability is not idempotent', hedge: true, idempotent: false },
  ])('asks one instance only where $what', async ({ hedge, idempotent }) => {
    const { troupe, begun, hasBegun, beQuick } = await quickSoFar({ idempotent });
    const ended = troupe.dispatch('fleet.work', null, { hedge });
    await hasBegun(1);
    // In this time, a second one would have been asked long since.
    await beQuick();
    expect(begun).toHaveLength(1);
    begun[0]!.finish();
    expect((await ended).attempt).toBe(1);
  });
});
