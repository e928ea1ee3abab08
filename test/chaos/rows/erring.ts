import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { sampleEjections } from '../mesh/ejections.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const INSTANCES = ['e1', 'e2', 'e3'];

/** One, then two of three instances that fail every second task at once. */
export const erring: Row = {
  id: 'erring',
  title: 'An instance errs',
  fault: '50 % INTERNAL on 1 of 3, then on 2 of 3',
  must: 'ejected ≤ 3 s; ≤ 0.1 % errors seen after retries; ejection never passes half',
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const spanMs = quick ? 2500 : 20_000;
  const mesh = await Mesh.start(stage, { instances: Object.fromEntries(INSTANCES.map((id) => [id, {}])) });
  const ejections = sampleEjections(mesh.address, READ);
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 300 });
  await sleep(quick ? 300 : 2000);
  const oneErrsAt = moment();
  await mesh.instance('e1').ask('behave', { failShare: 0.5 });
  await sleep(spanMs);
  const twoErrAt = moment();
  await mesh.instance('e2').ask('behave', { failShare: 0.5 });
  await sleep(spanMs);
  const calls = await load.stop();
  const samples = await ejections.stop();
  mesh.close();

  const during = calls.startedWithin(oneErrsAt, twoErrAt);
  log(`one errs: ${during.failures()}; two err: ${calls.startedWithin(twoErrAt).failures()}`);
  const errors = during.failed.count + during.unknown.count;
  const ejected = samples.find(({ at, ejected }) => at >= oneErrsAt && ejected.includes('e1'));
  return heldTo(
    [
      {
        name: 'errorPercent',
        what: `errors seen in ${during.count} calls`,
        figure: (100 * errors) / during.count,
        unit: '%',
        most: 0.1,
      },
      {
        name: 'ejectedMs',
        what: 'ejected after',
        figure: (ejected?.at ?? Number.POSITIVE_INFINITY) - oneErrsAt,
        unit: 'ms',
        most: 3000,
      },
      {
        name: 'mostOut',
        what: 'ejected at once of 3, at most',
        figure: Math.max(...samples.map(({ ejected }) => ejected.length)),
        most: Math.floor(INSTANCES.length / 2),
      },
    ],
    { calls: during.count, errors, samples: samples.length },
  );
}
