import { figureOf } from '../../report/statistics.ts';
import type { LoadResult } from '../load/closed-loop.ts';
import { interleaved } from '../load/rounds.ts';
import type { RowFamily } from './bench.ts';
import { type RowPlan, rowOf } from './row.ts';

const PLANS = {
  get: { id: 'state-get', title: 'Shared state, get, 64 in flight, unary', unit: 'calls/s' },
  set: { id: 'state-set', title: 'Shared state, set, 64 in flight, unary', unit: 'calls/s' },
} satisfies Record<string, RowPlan>;

/** The rows about the shared state. */
export const stateRows: RowFamily = {
  plans: Object.values(PLANS),

  async measure(wanted, { contestants, plan, rounds, tell }) {
    const troupe = await contestants.start('troupe');
    if (typeof troupe === 'string') return [];
    tell('shared state, 64 in flight');
    const { client } = troupe.processes;
    await client.ask('fill');
    const acts = (['get', 'set'] as const).filter((act) => wanted.has(PLANS[act].id));
    const under = (durationMs: number) => (act: string) =>
      client.ask<LoadResult>(act, { inFlight: 64, payloadBytes: 128, durationMs }, durationMs + 15_000);
    const { loadMs, warmUpMs } = plan;
    const measured = await interleaved(acts, rounds(), under(loadMs), under(warmUpMs));
    return acts.map((act) => {
      const results = measured.get(act)!;
      const detail = { p50Ms: figureOf(results.map(({ p50Ms }) => p50Ms)) };
      return rowOf(PLANS[act], { ...figureOf(results.map((result) => result.callsPerSecond)), detail });
    });
  },
};
