import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../processes/child.ts';
import { heldTo } from '../bounds.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const MIB = 2 ** 20;
/** How long it is rested before it is counted what there is, in milliseconds: what a call leaves is gone by then. */
const REST_MS = 1500;
/** How often it is looked, a tenth of a second apart. */
const LOOKS = 5;
/** When it is counted first and last, and how often an instance comes and another goes, in milliseconds. */
const FULL = { firstMs: 120_000, lastMs: 600_000, changeMs: 10_000 };
const QUICK = { firstMs: 800, lastMs: 1800, changeMs: 700 };

/** What a process holds at a moment of rest. */
interface Holdings {
  heapBytes: number;
  /** What keeps its event loop alive, by kind: sockets, timers. */
  resources: Readonly<Record<string, number>>;
  listeners: number;
}

/** Everything at once, for ten minutes. */
export const soak: Row = {
  id: 'soak',
  title: 'Ten minutes',
  fault:
    'mixed load for 10 min: dispatch over link and unary, streams, broadcasts, pipelines, state, cancels, agents that come and go',
  quickFault:
    'mixed load for 2 s: dispatch over link and unary, streams, broadcasts, pipelines, state, cancels, agents that come and go',
  must: 'handles, listeners, timers constant; heap after a forced GC at minute 2 and at the end within 5 % (not with --quick, where it is too soon to tell)',
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const spans = quick ? QUICK : FULL;
  const mesh = await Mesh.start(stage, { instances: { m1: {} }, orchestratorFlags: ['--expose-gc'] });
  const mix = await stage.start('peers/mix-role.ts', { orchestrator: mesh.address });
  const begun = performance.now();
  let changes = 0;
  const workUntil = async (atMs: number) => {
    while (performance.now() - begun < atMs) {
      const guest = `guest-${++changes}`;
      const child = await mesh.startInstance(guest);
      await mesh.live(guest);
      await sleep(Math.min(spans.changeMs, Math.max(0, atMs - (performance.now() - begun))));
      child.signal('SIGTERM');
      await child.ended();
    }
  };
  const rested = async () => {
    await mix.ask('rest');
    await sleep(REST_MS);
    const holdings = await settled(mesh.orchestrator);
    await mix.ask('work');
    log(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${JSON.stringify(holdings)}`);
    return holdings;
  };
  await workUntil(spans.firstMs);
  const first = await rested();
  await workUntil(spans.lastMs);
  const last = await rested();
  const { done, failures } = await mix.ask<{ done: number; failures: Record<string, number> }>('done');
  mesh.close();

  const grownPercent = 100 * (last.heapBytes / first.heapBytes - 1);
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  log(`failures: ${JSON.stringify(failures)}`);
  return heldTo(
    [
      ...(quick
        ? []
        : [{ name: 'heapGrownPercent', what: 'heap grown by', figure: grownPercent, unit: '%', most: 5 }]),
      { name: 'moreHandles', what: 'handles more', figure: handles(last) - handles(first), most: 0 },
      { name: 'moreTimers', what: 'timers more', figure: timers(last) - timers(first), most: 0 },
      { name: 'moreListeners', what: 'listeners more', figure: last.listeners - first.listeners, most: 0 },
      { name: 'failed', what: `failed of ${done}`, figure: failed, most: 0 },
    ],
    { changes, heapFirstMiB: first.heapBytes / MIB, heapLastMiB: last.heapBytes / MIB },
  );
}

/** What a process holds once it lets go of no more: the least of a few looks, since what leaks is there at each. */
async function settled(child: Child): Promise<Holdings> {
  const looks: Holdings[] = [];
  for (let look = 0; look < LOOKS; look++) {
    looks.push(await child.ask<Holdings>('holdings'));
    await sleep(100);
  }
  const heapBytes = Math.min(...looks.map((look) => look.heapBytes));
  const least = looks.reduce((a, b) => (handles(b) + timers(b) < handles(a) + timers(a) ? b : a));
  return { ...least, heapBytes };
}

function timers({ resources }: Holdings): number {
  return resources.Timeout ?? 0;
}

function handles(holdings: Holdings): number {
  const { resources } = holdings;
  return Object.values(resources).reduce((sum, count) => sum + count, 0) - timers(holdings);
}
