import { expect, it, onTestFinished } from 'vitest';
import { Troupe } from '../../services/client/index.ts';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { failure, TestMesh } from '../orchestrator/test-mesh.ts';

const mesh = new TestMesh();

/** A caller whose connection can be cut, and a capability that tells when it has begun, and never ends. */
async function cutOffCaller() {
  const begun = Promise.withResolvers<void>();
  const stuck = () => {
    begun.resolve();
    return new Promise<never>(() => {});
  };
  const orchestrator = await mesh.joinedBy({
    id: 'stuck',
    capabilities: { stick: { handle: stuck } },
    onBroadcast: stuck,
  });
  const proxy = await TcpProxy.start(orchestrator.address);
  const troupe = new Troupe(proxy.address);
  onTestFinished(() => {
    troupe.close();
    proxy.close();
  });
  return { troupe, cut: () => proxy.cut(), begun: begun.promise };
}

const pipeline = { name: 'p', steps: [{ name: 'stick', capability: 'stick' }] };
const calls: [string, (troupe: Troupe) => Promise<unknown> | AsyncIterable<unknown>][] = [
  ['a task', (troupe) => troupe.dispatch('stick', null)],
  ['a pipeline', (troupe) => troupe.run(pipeline, null)],
  ['a broadcast', (troupe) => troupe.broadcast('news')],
];

it.each(calls)('%s whose connection breaks says that work may have been done', async (_, call) => {
  const { troupe, cut, begun } = await cutOffCaller();
  const ends = failure(call(troupe));
  await begun;
  cut();
  expect(await ends).toBe('UNAVAILABLE / INSTANCE_LOST');
});

it('a watch of the state whose connection breaks says so with its reason', async () => {
  const { troupe, cut } = await cutOffCaller();
  const { revision: fromRevision } = await troupe.state.set('key', 1);
  await troupe.state.set('key', 2);
  const read = async () => {
    for await (const _ of troupe.state.watch('key', { fromRevision })) cut();
  };
  expect(await failure(read())).toBe('UNAVAILABLE / INSTANCE_LOST');
});
