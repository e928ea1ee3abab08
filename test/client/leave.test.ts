import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { TaskContext } from '../../services/agent/index.ts';
import type { Troupe } from '../../services/client/index.ts';
import { caller, mesh, worker } from './mesh.ts';

const DONE = { done: true, value: undefined };

/** Streams, and how many events of each come before it is silent. */
const silentStreams: [string, number, (troupe: Troupe) => AsyncGenerator<unknown, void>][] = [
  ['The stream of a task', 1, (troupe) => troupe.dispatchStream('hang', null)],
  ['A run', 2, (troupe) => troupe.run({ steps: [{ name: 'a', capability: 'hang' }] }, null)],
  ['A broadcast', 0, (troupe) => troupe.broadcast('anybody?')],
  ['A watch', 0, (troupe) => troupe.state.watch()],
];

it.each(silentStreams)(
  '%s, silent after %i of its events, can be left while its reader waits',
  async (...row) => {
    const [, events, open] = row;
    const { address } = await mesh({ ...worker(), onBroadcast: () => new Promise(() => {}) });
    const troupe = caller(address);
    expect((await troupe.dispatch('echo', 1)).payload).toBe(1);
    const stream = open(troupe);
    for (let told = 0; told < events; told++) expect((await stream.next()).done).toBe(false);
    const waiting = stream.next();
    expect(await stream.return()).toEqual(DONE);
    expect(await waiting).toEqual(DONE);
    expect(await stream.next()).toEqual(DONE);
  },
);

it('A task whose stream is left while its reader waits is cancelled at the agent', async () => {
  const hanging = Promise.withResolvers<TaskContext>();
  const { address } = await mesh(worker(hanging.resolve));
  const stream = caller(address).dispatchStream('hang', null);
  await stream.next();
  const waiting = stream.next();
  const { signal } = await hanging.promise;
  const stopped = once(signal, 'abort');
  await stream.return();
  await stopped;
  expect(await waiting).toEqual(DONE);
});
