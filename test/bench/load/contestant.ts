import type { Child } from '../../processes/child.ts';
import { median } from '../../report/statistics.ts';
import type { Load, LoadResult } from './closed-loop.ts';

/** Something that carries tasks: a client, and the processes behind it. */
export interface Contestant {
  /** Its processes by what they are in it; `client` is the one that is put under load. */
  readonly processes: Readonly<Record<string, Child>> & { readonly client: Child };
}

/** What one process of a contestant used. */
export interface ProcessFigures {
  /** Processor time per call, in microseconds. */
  cpuUsPerCall: number;
  /** Memory resident after it, in MiB. */
  rssMiB: number;
}

/** What was measured of a contestant in one round. */
export interface Sample extends LoadResult {
  processes: Readonly<Record<string, ProcessFigures>>;
}

/** What was measured of a contestant in all rounds: the median of each figure. */
export type Summary = Omit<Sample, 'calls'>;

/** How much longer than the load itself its last answers may take, in milliseconds. */
const MARGIN_MS = 15_000;

/** Puts a contestant under a load, and measures it and its processes. */
export async function measureUnder(
  contestant: Contestant,
  load: Load & { durationMs: number },
): Promise<Sample> {
  const { client } = contestant.processes;
  const before = await usages(contestant);
  const result = await client.ask<LoadResult>('load', load, load.durationMs + MARGIN_MS);
  const after = await usages(contestant);
  const processes = Object.entries(after).map(([name, { cpuUs, rssBytes }]) => {
    const cpuUsPerCall = (cpuUs - before[name]!.cpuUs) / result.calls;
    return [name, { cpuUsPerCall, rssMiB: rssBytes / 2 ** 20 }];
  });
  return { ...result, processes: Object.fromEntries(processes) };
}

async function usages({ processes }: Contestant) {
  const asked = Object.entries(processes).map(async ([name, child]) => [name, await child.usage()] as const);
  return Object.fromEntries(await Promise.all(asked));
}

/** What a contestant did and used, the median of each figure over the rounds. */
export function summaryOf(samples: readonly Sample[]): Summary {
  const over = (figure: (sample: Sample) => number) => median(samples.map(figure));
  const processes = Object.keys(samples[0]?.processes ?? {}).map((name) => {
    const cpuUsPerCall = over(({ processes }) => processes[name]!.cpuUsPerCall);
    return [name, { cpuUsPerCall, rssMiB: over(({ processes }) => processes[name]!.rssMiB) }];
  });
  return {
    callsPerSecond: over(({ callsPerSecond }) => callsPerSecond),
    p50Ms: over(({ p50Ms }) => p50Ms),
    p99Ms: over(({ p99Ms }) => p99Ms),
    processes: Object.fromEntries(processes),
  };
}
