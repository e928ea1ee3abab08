import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const INSTANCES = ['e1', 'e2', 'e3'] as const;
/**
 * How long an instance gets no task where it is ejected, in milliseconds: half of the first ejection. While it is not, 50
 * would have come.
 */
const EJECTED_FOR_MS = 500;

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
  const mesh = await Mesh.start(stage, { instances: { e1: {}, e2: {}, e3: {} } });
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 300 });
  await sleep(quick ? 300 : 2000);
  const oneErrsAt = moment();
  await mesh.instance('e1').ask('behave', { failShare: 0.5 });
  await sleep(spanMs);
  const twoErrAt = moment();
  await mesh.instance('e2').ask('behave', { failShare: 0.5 });
  await sleep(spanMs);
  const endAt = moment();
  const calls = await load.stop();
  const tasksOf = await Promise.all(
    INSTANCES.map((id) =>
      mesh
        .instance(id)
        .ask<{ at: number }[]>('received')
        .then((all) => all.map(({ at }) => at)),
    ),
  );
  mesh.close();

  const during = calls.startedWithin(oneErrsAt, twoErrAt);
  log(`one errs: ${during.failures()}; two err: ${calls.startedWithin(twoErrAt).failures()}`);
  const errors = during.failed.count + during.unknown.count;
  const out = mostOut(tasksOf, twoErrAt, endAt);
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
        figure: ejectedAt(tasksOf[0]!, oneErrsAt, twoErrAt) - oneErrsAt,
        unit: 'ms',
        most: 3000,
      },
      {
        name: 'mostOut',
        what: 'out at once when 2 of 3 err, at most',
        figure: out,
        most: Math.floor(INSTANCES.length / 2),
      },
    ],
    { calls: during.count, errors },
  );
}

/** When an instance got its last task before it got none for a while; Infinity where that did not come. */
function ejectedAt(tasks: readonly number[], from: number, to: number): number {
  const within = tasks.filter((at) => at >= from && at < to);
  const gap = [from, ...within].findIndex((at, index) => (within[index] ?? to) - at >= EJECTED_FOR_MS);
  return gap < 0 ? Number.POSITIVE_INFINITY : [from, ...within][gap]!;
}

/** The most instances that got no task over a while, at any moment of a span. */
function mostOut(tasksOf: readonly (readonly number[])[], from: number, to: number): number {
  let most = 0;
  for (let begin = from; begin + EJECTED_FOR_MS <= to; begin += EJECTED_FOR_MS / 5) {
    const idle = tasksOf.filter((tasks) => !tasks.some((at) => at >= begin && at < begin + EJECTED_FOR_MS));
    most = Math.max(most, idle.length);
  }
  return most;
}
