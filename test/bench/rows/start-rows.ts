import { figureOf } from '../../report/statistics.ts';
import type { RowFamily } from './bench.ts';
import { builtOrchestrator } from './build-orchestrator.ts';
import { type RowPlan, rowOf } from './row.ts';

const RSS: RowPlan = {
  id: 'orchestrator-rss',
  title: 'Memory of an idle orchestrator, resident, built',
  unit: 'MB',
  of: 'value',
  better: 'lower',
  must: 110,
  aim: 85,
};

const START: RowPlan = {
  id: 'orchestrator-start',
  title: 'Start of the orchestrator to its first answered Health/Check, built',
  unit: 'ms',
  of: 'value',
  better: 'lower',
  must: 600,
  aim: 350,
};

/** The rows about the orchestrator as it is published: JavaScript in dist/, built where it is not of today's source. */
export const startRows: RowFamily = {
  plans: [RSS, START],

  async measure(wanted, { stage, plan, quick, tell }) {
    const main = await builtOrchestrator({ quick, tell });
    tell('starting orchestrators');
    const starter = await stage.start('rows/built-orchestrator.ts', { main });
    const rss: number[] = [];
    const starts: number[] = [];
    // The first one finds the files on the disk; the others in memory, as the first does for those after it.
    await starter.ask('start');
    for (let n = 0; n < plan.starts; n++) {
      const { startMs, rssMb } = await starter.ask<{ startMs: number; rssMb: number }>('start');
      starts.push(startMs);
      rss.push(rssMb);
    }
    await stage.end([starter]);
    const rows = [rowOf(RSS, figureOf(rss)), rowOf(START, figureOf(starts))];
    return rows.filter(({ id }) => wanted.has(id));
  },
};
