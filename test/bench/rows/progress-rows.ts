import { interleaved } from '../load/rounds.ts';
import { figureOf } from '../load/statistics.ts';
import type { Child } from '../process/child.ts';
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
    const { orchestrator, agent } = troupe.processes;
    const through = await bench.stage.start('peers/troupe/progress-client.ts', {
      address: await orchestrator!.told('address'),
    });
    const rows: Row[] = [];
    if (wanted.has(EVENTS.id)) rows.push(await events(through, bench));
    if (wanted.has(FIRST_EVENT.id)) {
      const straight = await bench.stage.start('peers/troupe/agent-link-client.ts', {
        address: await agent!.told('address'),
      });
      rows.push(await firstEvent(through, straight, bench));
    }
    return rows;
  },
};

async function events(client: Child, { plan, tell }: Bench): Promise<Row> {
  tell('PROGRESS: 100 tasks, 1,000 events each');
  const listen = (events: number) => () => client.ask<number>('events', { tasks: 100, events }, 60_000);
  const measured = await interleaved([client], plan.rounds, listen(1000), listen(200));
  return rowOf(EVENTS, figureOf(measured.get(client)!));
}

async function firstEvent(through: Child, straight: Child, { plan, tell }: Bench): Promise<Row> {
  tell('PROGRESS: the first event, through the orchestrator and straight from the agent');
  const measured = await interleaved([through, straight], plan.rounds, (client) =>
    client.ask<number>('firstEvent', { tasks: 100 }),
  );
  const [ways, straights] = [measured.get(through)!, measured.get(straight)!];
  return rowOf(FIRST_EVENT, {
    ...figureOf(ways.map((way, round) => way - straights[round]!)),
    detail: { throughMs: figureOf(ways), straightMs: figureOf(straights) },
  });
}
