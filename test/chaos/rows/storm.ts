import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { FRONT, READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** What may be tried again: so much of the calls, and so many in a second of the span or of the budget's window. */
const SHARE = 0.2;
const PER_SECOND = 10;
const WINDOW_MS = 10_000;

const INSTANCES = ['d1', 'd2', 'd3'];

/** A capability whose every instance says UNAVAILABLE, and then cannot be reached at all. */
export const storm: Row = {
  id: 'storm',
  title: 'A dependency is gone',
  fault: 'dependency gone 60 s: every instance answers UNAVAILABLE, then none can be reached',
  quickFault: 'dependency gone 3 s: every instance answers UNAVAILABLE, then none can be reached',
  must: 'extra load ≤ 20 % + 10/s',
  run,
};

async function run(context: RowContext): Promise<Seen> {
  const proxies = new Map<string, TcpProxy>();
  for (const id of INSTANCES) proxies.set(id, await TcpProxy.start());
  try {
    return await against(proxies, context);
  } finally {
    for (const proxy of proxies.values()) proxy.close();
  }
}

async function against(
  proxies: ReadonlyMap<string, TcpProxy>,
  { quick, log, stage }: RowContext,
): Promise<Seen> {
  const halfMs = quick ? 1500 : 30_000;
  const mesh = await Mesh.start(stage, {
    instances: {},
    orchestrator: { static: [...proxies.values()].map(({ address }) => address) },
  });
  for (const [id, proxy] of proxies) {
    proxy.leadTo(await (await mesh.startInstance(id, { orchestrators: [] })).told('address'));
  }
  await Promise.all(INSTANCES.map((id) => mesh.live(id)));
  const load = await mesh.load({ capability: READ, timeoutMs: 2000, perSecond: 200 });
  await sleep(quick ? 300 : 2000);

  const goneAt = moment();
  await Promise.all(
    INSTANCES.map((id) => mesh.instance(id).ask('behave', { failShare: 1, code: 'UNAVAILABLE' })),
  );
  await sleep(halfMs);
  const unreachableAt = moment();
  const openedBefore = opened(proxies);
  for (const proxy of proxies.values()) {
    proxy.treat({ accept: 'refuse' });
    proxy.cut();
  }
  await sleep(halfMs);
  const dials = opened(proxies) - openedBefore;
  const calls = await load.stop();
  log(`${calls.startedWithin(unreachableAt).failures()} once unreachable`);
  const throughAgent = quick ? {} : await throughAnAgent(mesh, proxies, halfMs);
  mesh.close();

  // A budget has a window: where that began before the dependency was gone, the calls of then count as well.
  const from = Math.min(goneAt, unreachableAt - WINDOW_MS);
  const made = calls.startedWithin(from, unreachableAt).count;
  const attempts = await tasksWithin(mesh, from, unreachableAt);
  const allowed = SHARE * made + (PER_SECOND * Math.max(unreachableAt - from, WINDOW_MS)) / 1000;
  return heldTo(
    [
      {
        name: 'extra',
        what: `tasks beyond the ${made} asked for, of ${Math.floor(allowed)} allowed`,
        figure: Math.max(0, attempts - made),
        most: allowed,
      },
      {
        name: 'dialsPerSecond',
        what: 'dials per second to each address that refuses',
        figure: (dials * 1000) / halfMs / INSTANCES.length,
        most: PER_SECOND,
      },
    ],
    { calls: made, attempts, allowed, ...throughAgent },
  );
}

/**
 * The same once more, by an agent that asks the dependency for each of its own tasks, so that two capabilities try
 * again, one within the other. It decides nothing: the budget is that of one capability.
 */
async function throughAnAgent(
  mesh: Mesh,
  proxies: ReadonlyMap<string, TcpProxy>,
  spanMs: number,
): Promise<Record<string, number>> {
  for (const proxy of proxies.values()) proxy.treat({});
  for (const id of ['g1', 'g2']) await mesh.startInstance(id, { isFront: true });
  await Promise.all([...INSTANCES, 'g1', 'g2'].map((id) => mesh.live(id)));
  const load = await mesh.load({ capability: FRONT, timeoutMs: 2000, perSecond: 200 });
  const from = moment();
  await sleep(spanMs);
  const to = moment();
  const made = (await load.stop()).startedWithin(from, to).count;
  return { callsThroughAgent: made, attemptsThroughAgent: await tasksWithin(mesh, from, to) };
}

/** How many tasks the instances of the dependency were given in a span. */
async function tasksWithin(mesh: Mesh, from: number, to: number): Promise<number> {
  const tasks = await Promise.all(INSTANCES.map((id) => mesh.instance(id).ask<{ at: number }[]>('received')));
  return tasks.flat().filter(({ at }) => at >= from && at < to).length;
}

function opened(proxies: ReadonlyMap<string, TcpProxy>): number {
  return [...proxies.values()].reduce((sum, proxy) => sum + proxy.opened, 0);
}
