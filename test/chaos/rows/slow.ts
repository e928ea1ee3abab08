import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** How much slower the slow one is, in milliseconds. */
const SLOWER_MS = 300;
/** How long a task takes where all is well, in milliseconds: more than a busy machine adds by itself. */
const HANDLE_MS = 20;

/** One of three instances that takes 300 ms longer over every task. */
export const slow: Row = {
  id: 'slow',
  title: 'An instance is slow',
  fault: '+300 ms on 1 of 3',
  must: 'p99 ≤ 2 × healthy p99; ≤ 5 % of calls go there',
  alone: true,
  run,
};

async function run({ quick, stage }: RowContext): Promise<Seen> {
  // As many calls as make their p99 no matter of the few that find out that an instance is slow.
  const spanMs = quick ? 2500 : 20_000;
  const special = { handleMs: HANDLE_MS };
  const mesh = await Mesh.start(stage, { instances: { s1: special, s2: special, s3: special } });
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 500 });
  await sleep(quick ? 500 : 3000);
  const healthyFrom = moment();
  await sleep(spanMs);
  const slowFrom = moment();
  await mesh.instance('s2').ask('behave', { delayMs: SLOWER_MS });
  await sleep(spanMs);
  const calls = await load.stop();
  mesh.close();

  const healthy = calls.startedWithin(healthyFrom, slowFrom);
  const during = calls.startedWithin(slowFrom);
  const healthyP99Ms = healthy.latencyMs(0.99);
  const p99Ms = during.latencyMs(0.99);
  const failed = during.failed.count + during.unknown.count;
  return heldTo(
    [
      {
        name: 'timesHealthyP99',
        what: `p99 ${p99Ms.toFixed(1)} ms, healthy ${healthyP99Ms.toFixed(1)} ms, that is`,
        figure: p99Ms / healthyP99Ms,
        unit: '×',
        most: 2,
      },
      {
        name: 'sharePercent',
        what: `of ${during.count} calls went there`,
        figure: 100 * during.shareOf('s2'),
        unit: '%',
        most: 5,
      },
      { name: 'failed', what: 'failed', figure: failed, most: 0 },
    ],
    { p99Ms, healthyP99Ms, p50Ms: during.latencyMs(0.5), calls: during.count },
  );
}
