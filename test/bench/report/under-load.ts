import type { Load } from '../load/closed-loop.ts';
import type { Summary } from '../load/contestant.ts';
import type { Report } from './report.ts';

/** What all contestants did and used under one load, the one with the most calls first. */
export function underLoad({ rows }: Report, load: Load): [name: string, summary: Summary][] {
  const summaries = new Map<string, Summary>();
  for (const row of rows) {
    if (row.load?.inFlight !== load.inFlight || row.load.payloadBytes !== load.payloadBytes) continue;
    for (const [name, summary] of Object.entries(row.contestants ?? {})) summaries.set(name, summary);
  }
  return [...summaries].toSorted(([, a], [, b]) => b.callsPerSecond - a.callsPerSecond);
}

/** The processor time of all processes of a contestant per call, in microseconds. */
export function wholeCpuUs({ processes }: Summary): number {
  return Object.values(processes).reduce((sum, { cpuUsPerCall }) => sum + cpuUsPerCall, 0);
}
