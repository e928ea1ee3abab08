import { figureOf } from '../../report/statistics.ts';
import type { Load } from '../load/closed-loop.ts';
import { type Contestant, measureUnder, type Sample, type Summary, summaryOf } from '../load/contestant.ts';
import { interleaved } from '../load/rounds.ts';
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
    const order = TASK_ROWS.map(({ id }) => id);
    return rows.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  },
};

async function measureUnderLoad(wanted: readonly TaskRow[], load: Load, bench: Bench): Promise<Row[]> {
  bench.tell(`tasks of ${load.payloadBytes} bytes, ${load.inFlight} in flight`);
  const { running, absent } = await startAll(contestantsOf(wanted), bench);
  const measurable = wanted.filter((row) => {
    const missing = contestantsOf([row]).find((name) => absent.has(name));
    if (missing) bench.skip(row.id, `${CONTESTANTS[missing]}: ${absent.get(missing)}`);
    return !missing;
  });
  const contestants = contestantsOf(measurable).map((name) => running.get(name)!);
  const { loadMs, warmUpMs } = bench.plan;
  const under = (durationMs: number) => (contestant: Contestant) =>
    measureUnder(contestant, { ...load, durationMs });
  const samples = await interleaved(contestants, bench.rounds(), under(loadMs), under(warmUpMs));
  return measurable.map((row) => compared(row, load, (name) => samples.get(running.get(name)!)!));
}

/** The contestants that rows compare, each once. */
function contestantsOf(rows: readonly TaskRow[]): ContestantName[] {
  return [...new Set(rows.flatMap(({ value, baseline }) => [value[0], baseline[0]]))];
}

/** Starts contestants; of those that cannot run here it tells why. */
async function startAll(names: readonly ContestantName[], { contestants }: Bench) {
  const running = new Map<ContestantName, Contestant>();
  const absent = new Map<ContestantName, string>();
  await Promise.all(
    names.map(async (name) => {
      const started = await contestants.start(name);
      if (typeof started === 'string') absent.set(name, started);
      else running.set(name, started);
    }),
  );
  return { running, absent };
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
