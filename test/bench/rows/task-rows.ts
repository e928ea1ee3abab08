import type { Load } from '../load/closed-loop.ts';
import { type Contestant, measureUnder, type Sample, type Summary, summaryOf } from '../load/contestant.ts';
import { interleaved } from '../load/rounds.ts';
import { figureOf } from '../load/statistics.ts';
import { CONTESTANTS, type ContestantName } from '../peers/contestants.ts';
import type { Bench, RowFamily } from './bench.ts';
import { type Row, rowOf } from './row.ts';
import { LOADS, TASK_ROWS, type TaskRow } from './task-row-plans.ts';

/** The rows about tasks: every contestant that they need, under each load that they need, in interleaved rounds. */
export const taskRows: RowFamily = {
  plans: TASK_ROWS,

  async measure(wanted, bench) {
    const rows: Row[] = [];
    for (const [name, load] of Object.entries(LOADS)) {
      const ofLoad = TASK_ROWS.filter((row) => row.load === name && wanted.has(row.id));
      if (ofLoad.length > 0) rows.push(...(await measureUnderLoad(ofLoad, load, bench)));
    }
    return rows;
  },
};

async function measureUnderLoad(wanted: readonly TaskRow[], load: Load, bench: Bench): Promise<Row[]> {
  const names = new Set(wanted.flatMap(({ value, baseline }) => [value[0], baseline[0]]));
  bench.tell(`tasks of ${load.payloadBytes} bytes, ${load.inFlight} in flight: ${[...names].join(', ')}`);
  const contestants = await startAll(names, bench);
  const running = [...contestants.values()].filter((contestant) => typeof contestant !== 'string');
  const { rounds, loadMs, warmUpMs } = bench.plan;
  const under = (durationMs: number) => (contestant: Contestant) =>
    measureUnder(contestant, { ...load, durationMs });
  const samples = await interleaved(running, rounds, under(loadMs), under(warmUpMs));
  const rows: Row[] = [];
  for (const row of wanted) {
    const missing = [row.value[0], row.baseline[0]].find((name) => typeof contestants.get(name) === 'string');
    if (missing) bench.skip(row.id, `${CONTESTANTS[missing]}: ${contestants.get(missing)}`);
    else rows.push(compared(row, load, (name) => samples.get(contestants.get(name) as Contestant)!));
  }
  return rows;
}

/** Starts the contestants of those names. In place of one that cannot run here stands why. */
async function startAll(names: Iterable<ContestantName>, { contestants }: Bench) {
  const started = [...names].map(async (name) => [name, await contestants.start(name)] as const);
  return new Map(await Promise.all(started));
}

function compared(row: TaskRow, load: Load, samplesOf: (name: ContestantName) => readonly Sample[]): Row {
  const [name, gauge] = row.value;
  const [baselineName, baselineGauge] = row.baseline;
  const samples = samplesOf(name);
  const baselineSamples = samplesOf(baselineName);
  const summaries: Record<string, Summary> = {
    [CONTESTANTS[name]]: summaryOf(samples),
    [CONTESTANTS[baselineName]]: summaryOf(baselineSamples),
  };
  return rowOf(row, {
    ...figureOf(samples.map((sample) => gauge(sample, load))),
    against: {
      name: CONTESTANTS[baselineName],
      ...figureOf(baselineSamples.map((sample) => baselineGauge(sample, load))),
    },
    load,
    contestants: summaries,
  });
}
