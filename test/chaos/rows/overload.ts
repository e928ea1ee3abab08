import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../processes/child.ts';
import { heldTo } from '../bounds.ts';
import type { Call } from '../history/call.ts';
import { moment } from '../history/clock.ts';
import type { History } from '../history/history.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh, type RunningLoad } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const HANDLE_MS = 20;
const MAX_CONCURRENCY = 4;
/** What the agent is capable of, in tasks per second: 4 at a time, 20 ms each. */
const CAPACITY = (MAX_CONCURRENCY * 1000) / HANDLE_MS;
const TIMEOUT_MS = 1000;
/** How long that may take, in milliseconds. */
const RECOVERED_WITHIN_MS = 5000;
/** Over how long calls have to be well again for the mesh to have recovered, in milliseconds. */
const WELL_FOR_MS = 500;
/** How much the orchestrator's heap may grow in the second half of the overload, in MiB: nothing may pile up. */
const GROWTH_MIB = 16;

/** Ten times as many calls as there is capacity for. */
export const overload: Row = {
  id: 'overload',
  title: 'There is more to do than can be done',
  fault: '10 × capacity for 60 s (max_concurrency 4, a 20 ms handler: 200/s)',
  quickFault: '10 × capacity for 4 s (max_concurrency 4, a 20 ms handler: 200/s)',
  must: 'goodput ≥ 90 % of peak; p99 of accepted ≤ 2 ×; recovered ≤ 5 s; no unbounded memory',
  alone: true,
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const mesh = await Mesh.start(stage, {
    instances: { o1: { handleMs: HANDLE_MS, maxConcurrency: MAX_CONCURRENCY } },
    orchestratorFlags: ['--expose-gc'],
  });
  const plan = { capability: READ, timeoutMs: TIMEOUT_MS };
  const peak = await mesh.load({ ...plan, inFlight: MAX_CONCURRENCY });
  await sleep(quick ? 300 : 2000);
  const peakFrom = moment();
  await sleep(quick ? 2000 : 10_000);
  const peakTo = moment();
  const peakCalls = (await peak.stop()).startedWithin(peakFrom, peakTo);
  const peakPerSecond = perSecond(peakCalls.ok, peakFrom, peakTo);
  const peakP99Ms = peakCalls.ok.latencyMs(0.99);
  log(`peak ${peakPerSecond.toFixed(0)}/s, p99 ${peakP99Ms.toFixed(1)} ms`);

  const halfMs = quick ? 2000 : 30_000;
  const over = await mesh.load({ ...plan, perSecond: 10 * CAPACITY });
  const overFrom = moment();
  const cpuOf = await cpuMeters({
    orchestrator: mesh.orchestrator,
    caller: mesh.caller,
    agent: mesh.instance('o1'),
  });
  await sleep(halfMs);
  const halfway = await heapOf(mesh.orchestrator);
  await sleep(halfMs);
  const atEnd = await heapOf(mesh.orchestrator);
  const overTo = moment();
  const cpu = await cpuOf(overTo - overFrom);
  const stopped = over.stop();
  const after = await mesh.load({ ...plan, perSecond: CAPACITY / 2 });
  const wellAt = await untilWell(after, overTo, 2 * peakP99Ms);
  const overCalls = await stopped;
  await after.stop();
  mesh.close();

  log(`overloaded: ${overCalls.failures()}`);
  const goodput = perSecond(overCalls.ok, overFrom, overTo);
  // A burst may wait for a moment before its queue counts as a standing one: in a quick run that would be 5 % of all.
  const p99Ms = overCalls
    .startedWithin(overFrom + (quick ? 500 : 0))
    .filter((call) => !wasHeldUp(call, halfway) && !wasHeldUp(call, atEnd))
    .ok.latencyMs(0.99);
  return heldTo(
    [
      {
        name: 'goodputPercent',
        what: `goodput ${goodput.toFixed(0)}/s of ${peakPerSecond.toFixed(0)}/s, that is`,
        figure: (100 * goodput) / peakPerSecond,
        unit: '%',
        least: 90,
      },
      {
        name: 'timesPeakP99',
        what: `p99 of accepted ${p99Ms.toFixed(0)} ms of ${peakP99Ms.toFixed(0)} ms, that is`,
        figure: p99Ms / peakP99Ms,
        unit: '×',
        most: 2,
      },
      {
        name: 'recoveredMs',
        what: 'recovered after',
        figure: wellAt - overTo,
        unit: 'ms',
        most: RECOVERED_WITHIN_MS,
      },
      {
        name: 'heapGrowthMiB',
        what: 'heap of the orchestrator grew in the second half by',
        figure: atEnd.mib - halfway.mib,
        unit: 'MiB',
        most: GROWTH_MIB,
      },
    ],
    {
      offeredPerSecond: overCalls.startedWithin(overFrom, overTo).count / ((overTo - overFrom) / 1000),
      p50Ms: overCalls.ok.latencyMs(0.5),
      p90Ms: overCalls.ok.latencyMs(0.9),
      timedOut: overCalls.unknown.count,
      p50OfRefusedMs: overCalls.failed.latencyMs(0.5),
      p99OfRefusedMs: overCalls.failed.latencyMs(0.99),
      ...cpu,
    },
  );
}

/** From when on calls went well; Infinity where they did not within twice the time that they may take for it. */
async function untilWell(load: RunningLoad, from: number, p99Ms: number): Promise<number> {
  let wellAt = Number.POSITIVE_INFINITY;
  while (wellAt === Number.POSITIVE_INFINITY && moment() - from < 2 * RECOVERED_WITHIN_MS) {
    await sleep(WELL_FOR_MS / 2);
    wellAt = recoveredAt(await load.soFar(), from, p99Ms);
  }
  return wellAt;
}

/** How many calls ended in a second of a span. */
function perSecond(history: History, from: number, to: number): number {
  const within = history.filter(({ end }) => end >= from && end < to);
  return (within.count * 1000) / (to - from);
}

/**
 * From when on calls went well for a while: none failed, and their p99 was within bounds. Infinity where that did not
 * come.
 */
function recoveredAt(history: History, from: number, p99Ms: number): number {
  const last = Math.max(...history.calls.map(({ start }) => start));
  for (let begin = from; begin + WELL_FOR_MS <= last; begin += WELL_FOR_MS / 10) {
    const calls = history.startedWithin(begin, begin + WELL_FOR_MS);
    if (calls.count > 0 && calls.ok.count === calls.count && calls.latencyMs(0.99) <= p99Ms) return begin;
  }
  return Number.POSITIVE_INFINITY;
}

/** How large a process's heap is after a collection, and when that was: it stops all that the process does. */
interface HeapReading {
  mib: number;
  from: number;
  to: number;
}

async function heapOf(child: Child): Promise<HeapReading> {
  const from = moment();
  const mib = (await child.ask<number>('heap')) / 2 ** 20;
  return { mib, from, to: moment() };
}

/** Whether a call was under way while the heap was read, which is this row's doing and not the overload's. */
function wasHeldUp({ start, end }: Call, { from, to }: HeapReading): boolean {
  return start < to && end > from;
}

/**
 * Begins to measure what processes use of a processor; the function that it answers tells it of the time since, in %.
 */
async function cpuMeters(children: Readonly<Record<string, Child>>) {
  const used = () => Promise.all(Object.values(children).map((child) => child.usage()));
  const before = await used();
  return async (spanMs: number): Promise<Record<string, number>> => {
    const after = await used();
    const names = Object.keys(children);
    return Object.fromEntries(
      names.map((name, n) => [`${name}CpuPercent`, (after[n]!.cpuUs - before[n]!.cpuUs) / spanMs / 10]),
    );
  };
}
