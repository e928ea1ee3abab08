import type { Load } from '../load/closed-loop.ts';
import { type Contestant, measureUnder, type Sample } from '../load/contestant.ts';
import { interleaved } from '../load/rounds.ts';
import { figureOf, median } from '../load/statistics.ts';
import { CONTESTANTS, type ContestantName } from '../peers/contestants.ts';
import type { Bench, RowFamily } from './bench.ts';
import { type Row, type RowPlan, rowOf } from './row.ts';

/** The loads that tasks are measured under, by name, in this order. */
const LOADS = {
  small64: { inFlight: 64, payloadBytes: 128 },
  small1000: { inFlight: 1000, payloadBytes: 128 },
  small1: { inFlight: 1, payloadBytes: 128 },
  large64: { inFlight: 64, payloadBytes: 64 * 1024 },
} satisfies Record<string, Load>;

type LoadName = keyof typeof LOADS;

/** What is read off a sample. */
type Gauge = (sample: Sample, load: Load) => number;

const callsPerSecond: Gauge = (sample) => sample.callsPerSecond;
const p50Ms: Gauge = (sample) => sample.p50Ms;
/** What a payload brings one way: it comes back as large. */
const megabytesPerSecond: Gauge = (sample, load) => (sample.callsPerSecond * load.payloadBytes) / 1e6;
const orchestratorCpuUs: Gauge = ({ processes }) => processes.orchestrator?.cpuUsPerCall ?? Number.NaN;
const wholeCpuUs: Gauge = ({ processes }) =>
  Object.values(processes).reduce((sum, { cpuUsPerCall }) => sum + cpuUsPerCall, 0);

/** A row about tasks under a load: what is read off a contestant, against what is read off another. */
interface TaskRow extends RowPlan {
  load: LoadName;
  value: readonly [ContestantName, Gauge];
  baseline: readonly [ContestantName, Gauge];
}

/** Dispatch over a link at 64 in flight, which everything is compared with. */
const linkAgainst = (baseline: ContestantName) =>
  ({
    title: 'Dispatch over a link, 64 in flight',
    unit: 'calls/s',
    load: 'small64',
    value: ['troupe', callsPerSecond],
    baseline: [baseline, callsPerSecond],
  }) as const;

const TASK_ROWS: readonly TaskRow[] = [
  { id: 'link-64', ...linkAgainst('direct'), must: 5, aim: 8 },
  { id: 'link-64-nats', ...linkAgainst('nats'), must: 1.5 },
  { id: 'link-64-moleculer-tcp', ...linkAgainst('moleculer-tcp'), aim: 1 },
  { id: 'link-64-moleculer-nats', ...linkAgainst('moleculer-nats') },
  { id: 'link-64-naive', ...linkAgainst('naive') },
  { id: 'link-64-connect', ...linkAgainst('connect') },
  {
    id: 'link-1000',
    title: 'Dispatch over a link, 1,000 in flight',
    unit: 'calls/s',
    load: 'small1000',
    value: ['troupe', callsPerSecond],
    baseline: ['direct', callsPerSecond],
    must: 6,
    aim: 12,
  },
  {
    id: 'link-1-p50',
    title: 'Dispatch over a link, 1 in flight, p50',
    unit: 'ms',
    load: 'small1',
    value: ['troupe', p50Ms],
    baseline: ['direct', p50Ms],
    better: 'lower',
    must: 1,
    aim: 0.75,
  },
  {
    id: 'dispatch-64',
    title: 'Dispatch as unary RPC, 64 in flight',
    unit: 'calls/s',
    load: 'small64',
    value: ['dispatch', callsPerSecond],
    baseline: ['direct', callsPerSecond],
    must: 0.6,
    aim: 0.8,
  },
  {
    id: 'orchestrator-cpu',
    title: "The orchestrator's processor time per linked task, against all of a direct call's",
    unit: 'µs',
    load: 'small64',
    value: ['troupe', orchestratorCpuUs],
    baseline: ['direct', wholeCpuUs],
    better: 'lower',
    must: 1 / 4,
    aim: 1 / 8,
  },
  {
    id: 'link-64kib',
    title: 'Payloads of 64 KiB over a link, 64 in flight',
    unit: 'MB/s',
    load: 'large64',
    value: ['troupe', megabytesPerSecond],
    baseline: ['direct', megabytesPerSecond],
    must: 1.5,
    aim: 2.2,
  },
];

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
  const { rounds, durationMs, warmUpMs } = bench.plan.load;
  const under = (forMs: number) => (contestant: Contestant) =>
    measureUnder(contestant, { ...load, durationMs: forMs });
  const measured = await interleaved([...contestants.values()], rounds, under(durationMs), under(warmUpMs));
  const rows: Row[] = [];
  for (const row of wanted) {
    const [name, gauge] = row.value;
    const [baselineName, baselineGauge] = row.baseline;
    const samples = measured.get(contestants.get(name)!);
    const baselineSamples = measured.get(contestants.get(baselineName)!);
    // Why it is missing was told when it could not be started.
    if (!samples || !baselineSamples) continue;
    const measurement = {
      ...figureOf(samples.map((sample) => gauge(sample, load))),
      against: {
        name: CONTESTANTS[baselineName],
        ...figureOf(baselineSamples.map((sample) => baselineGauge(sample, load))),
      },
      detail: {
        [CONTESTANTS[name]]: summaryOf(samples),
        [CONTESTANTS[baselineName]]: summaryOf(baselineSamples),
      },
    };
    rows.push(rowOf(row, measurement));
  }
  return rows;
}

/** Starts the contestants of those names, and tells of those that cannot run here. */
async function startAll(
  names: Iterable<ContestantName>,
  bench: Bench,
): Promise<Map<ContestantName, Contestant>> {
  const started = await Promise.all(
    [...names].map(async (name) => [name, await bench.contestants.start(name)] as const),
  );
  const contestants = new Map<ContestantName, Contestant>();
  for (const [name, contestant] of started) {
    if (typeof contestant === 'string') bench.skip(CONTESTANTS[name], contestant);
    else contestants.set(name, contestant);
  }
  return contestants;
}

/** What a contestant did and used, median over the rounds. */
function summaryOf(samples: readonly Sample[]) {
  const over = (gauge: (sample: Sample) => number) => median(samples.map(gauge));
  const processes = Object.keys(samples[0]?.processes ?? {}).map((name) => {
    const cpuUsPerCall = over(({ processes }) => processes[name]!.cpuUsPerCall);
    return [name, { cpuUsPerCall, rssMiB: over(({ processes }) => processes[name]!.rssMiB) }];
  });
  return {
    callsPerSecond: over((sample) => sample.callsPerSecond),
    p50Ms: over((sample) => sample.p50Ms),
    p99Ms: over((sample) => sample.p99Ms),
    processes: Object.fromEntries(processes),
  };
}
