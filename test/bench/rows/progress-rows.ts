import type { Child } from '../../processes/child.ts';
import { figureOf } from '../../report/statistics.ts';
import { interleaved } from '../load/rounds.ts';
import type { Bench, RowFamily } from './bench.ts';
import { type Row, type RowPlan, rowOf } from './row.ts';

const EVENTS: RowPlan = {
  id: 'progress-events',
  title: 'PROGRESS of 100 tasks with 1,000 events each',
  unit: 'events/s',
  of: 'value',
  must: 50_000,
  aim: 150_000,
};

const FIRST_EVENT: RowPlan = {
  id: 'progress-first-event',
  title: 'What the orchestrator adds to the time to the first PROGRESS, p50',
  unit: 'ms',
  of: 'value',
  better: 'lower',
  must: 0.3,
};

/** The rows about PROGRESS. */
export const progressRows: RowFamily = {
  plans: [EVENTS, FIRST_EVENT],

  async measure(wanted, bench) {
    const troupe = await bench.contestants.start('troupe');
    if (typeof troupe === 'string') return [];
    const { client } = troupe.processes;
    const rows: Row[] = [];
    if (wanted.has(EVENTS.id)) rows.push(await events(client, bench));
    if (wanted.has(FIRST_EVENT.id)) rows.push(await firstEvent(client, bench));
    return rows;
  },
};

async function events(client: Child, { rounds, tell }: Bench): Promise<Row> {
  tell('PROGRESS: 100 tasks, 1,000 events each');
  const listen = (events: number) => () => client.ask<number>('events', { tasks: 100, events }, 60_000);
  const measured = await interleaved([client], rounds(), listen(1000), listen(200));
  return rowOf(EVENTS, figureOf(measured.get(client)!));
}

/** One process asks both ways, in turn: it is as warm for the one as for the other. */
async function firstEvent(client: Child, { rounds, tell }: Bench): Promise<Row> {
  tell('PROGRESS: the first event, through the orchestrator and straight from the agent');
  const ways = ['firstEventThrough', 'firstEventStraight'] as const;
  const measured = await interleaved(ways, rounds(), (way) => client.ask<number>(way, { tasks: 300 }));
  const [through, straight] = [measured.get(ways[0])!, measured.get(ways[1])!];
  return rowOf(FIRST_EVENT, {
    ...figureOf(through.map((latency, round) => latency - straight[round]!)),
    detail: { throughMs: figureOf(through), straightMs: figureOf(straight) },
  });
}
