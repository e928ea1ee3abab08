import type { Load } from '../load/closed-loop.ts';
import type { Sample } from '../load/contestant.ts';
import type { ContestantName } from '../peers/contestants.ts';
import type { RowPlan } from './row.ts';

/** The loads that tasks are measured under, by name, in this order: the heaviest first, since it warms up best. */
export const LOADS = {
  small1000: { inFlight: 1000, payloadBytes: 128 },
  small64: { inFlight: 64, payloadBytes: 128 },
  small1: { inFlight: 1, payloadBytes: 128 },
  large64: { inFlight: 64, payloadBytes: 64 * 1024 },
} satisfies Record<string, Load>;

type LoadName = keyof typeof LOADS;

/** What is read off a sample. */
export type Gauge = (sample: Sample, load: Load) => number;

const callsPerSecond: Gauge = (sample) => sample.callsPerSecond;
const p50Ms: Gauge = (sample) => sample.p50Ms;
/** What a payload brings one way: it comes back as large. */
const megabytesPerSecond: Gauge = (sample, load) => (sample.callsPerSecond * load.payloadBytes) / 1e6;
const orchestratorCpuUs: Gauge = ({ processes }) => processes.orchestrator?.cpuUsPerCall ?? Number.NaN;
const wholeCpuUs: Gauge = ({ processes }) =>
  Object.values(processes).reduce((sum, { cpuUsPerCall }) => sum + cpuUsPerCall, 0);

/** A row about tasks under a load: what is read off a contestant, against what is read off another. */
export interface TaskRow extends RowPlan {
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

/** The rows about tasks, in the order of the report. */
export const TASK_ROWS: readonly TaskRow[] = [
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
    id: 'link-1-floor',
    title: 'The same, against what its four hops from process to process take by themselves',
    unit: 'ms',
    load: 'small1',
    value: ['troupe', p50Ms],
    baseline: ['tcp', p50Ms],
    better: 'lower',
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
