import { figureOf } from '../../report/statistics.ts';
import type { RowFamily } from './bench.ts';
import { type RowPlan, rowOf } from './row.ts';

const SIZE = { instances: 10_000, capabilities: 1000 };
/** How many picks one figure is the mean of. */
const PICKS = 200_000;

const PICK: RowPlan = {
  id: 'roster-pick',
  title: 'Picking one of 10,000 instances of 1,000 capabilities',
  unit: 'µs',
  of: 'value',
  better: 'lower',
  must: 2,
};

const MEMORY: RowPlan = {
  id: 'roster-memory',
  title: 'Memory of the roster per instance, its card included',
  unit: 'KiB',
  of: 'value',
  better: 'lower',
  must: 4,
};

/** The rows about the roster's table, in a process of its own. */
export const rosterRows: RowFamily = {
  plans: [PICK, MEMORY],

  async measure(wanted, { stage, plan, tell }) {
    tell('a roster of 10,000 instances');
    const picks: number[] = [];
    const memories: number[] = [];
    for (let run = 0; run < plan.starts; run++) {
      const table = await stage.start('rows/roster-table.ts', SIZE, ['--expose-gc']);
      memories.push((await table.told<number>('bytesPerInstance')) / 1024);
      await table.ask('pick', { times: PICKS });
      for (let round = 0; round < 3; round++) picks.push(await table.ask<number>('pick', { times: PICKS }));
      await stage.end([table]);
    }
    const rows = [rowOf(PICK, figureOf(picks)), rowOf(MEMORY, figureOf(memories))];
    return rows.filter(({ id }) => wanted.has(id));
  },
};
