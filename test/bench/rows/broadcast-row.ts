import { ORCHESTRATOR_FLAGS } from '../../../services/cli/mesh/orchestrator-flags.ts';
import { figureOf, median } from '../../report/statistics.ts';
import { interleaved } from '../load/rounds.ts';
import type { RowFamily } from './bench.ts';
import { type RowPlan, rowOf } from './row.ts';

const INSTANCES = 100;
const PROCESSES = 2;

const PLAN: RowPlan = {
  id: 'broadcast-100',
  title: 'Broadcast to 100 instances, from the call to the last outcome',
  unit: 'ms',
  of: 'value',
  better: 'lower',
  must: 15,
  aim: 5,
};

/** The row about broadcasts: a mesh of its own, 100 servers in two processes, one link to each. */
export const broadcastRow: RowFamily = {
  plans: [PLAN],

  async measure(_wanted, { stage, plan, rounds, tell }) {
    tell(`broadcast to ${INSTANCES} instances in ${PROCESSES} processes`);
    const orchestrator = await stage.start('peers/troupe/orchestrator.ts', {}, ORCHESTRATOR_FLAGS);
    const address = await orchestrator.told('address');
    const count = INSTANCES / PROCESSES;
    const [client, ...agents] = await Promise.all([
      stage.start('peers/troupe/broadcast-client.ts', { address }),
      ...Array.from({ length: PROCESSES }, () =>
        stage.start('peers/troupe/many-agents.ts', { orchestrator: address, count }),
      ),
    ]);
    await client.ask('reach', { instances: INSTANCES }, 30_000);
    const measured = await interleaved([client], rounds(), async () => {
      const question = { times: plan.broadcasts, instances: INSTANCES };
      return median(await client.ask<number[]>('broadcasts', question, 60_000));
    });
    await stage.end([client, orchestrator, ...agents]);
    return [rowOf(PLAN, figureOf(measured.get(client)!))];
  },
};
