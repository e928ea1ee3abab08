import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Troupe } from '../../../services/client/index.ts';
import { Stage } from '../../processes/stage.ts';
import { heldTo } from '../bounds.ts';
import type { Call } from '../history/call.ts';
import { History } from '../history/history.ts';
import { READ } from '../mesh/agent-role.ts';
import { RosterWatch } from '../mesh/roster-watch.ts';
import { startOrchestrator } from '../mesh/start-orchestrator.ts';
import { FakeClock } from '../peers/fake-clock.ts';
import type { Outcome, Row, RowContext } from '../row.ts';

const HOUR_S = 3600;
/** How long a task takes, in milliseconds, so that many are on their way when the clock jumps. */
const HANDLE_MS = 100;
const INSTANCES = ['c1', 'c2'];

/** The wall clock of some or all processes jumps. */
export const clock: Row = {
  id: 'clock',
  title: 'The clock jumps',
  fault: '±1 h jump of the wall clock (faketime): of all processes at once, and of the orchestrator alone',
  must: 'no spurious expiry of deadlines, leases and state; what should expire does',
  run,
};

async function run({ quick, log }: RowContext): Promise<Outcome> {
  const [mine, others] = [FakeClock.find(), FakeClock.find()];
  if (!mine || !others)
    return { skipped: 'the machine has no libfaketime (Debian: apt-get install faketime)' };
  const root = resolve(import.meta.dirname, '..');
  const stages = [mine, others].map(({ env }) => new Stage({ root, env: { ...process.env, ...env } }));
  try {
    return await jump({ quick, log }, stages as [Stage, Stage], (mineS, othersS) => {
      mine.set(mineS);
      others.set(othersS);
    });
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
    for (const one of [mine, others]) one.close();
  }
}

async function jump(
  { quick, log }: Pick<RowContext, 'quick' | 'log'>,
  [stage, others]: [Stage, Stage],
  set: (orchestratorS: number, othersS: number) => void,
): Promise<Outcome> {
  const leaseMs = quick ? 900 : 3000;
  const orchestrator = await startOrchestrator(stage, { leaseMs });
  const address = await orchestrator.told('address');
  for (const instance of INSTANCES) {
    await others.start('mesh/agent-role.ts', { instance, orchestrators: [address], handleMs: HANDLE_MS });
  }
  const caller = await others.start('mesh/caller-role.ts', { orchestrator: address });
  const troupe = new Troupe(address, { id: 'clock' });
  const roster = new RosterWatch(new Troupe(address, { id: 'watcher' }));
  await Promise.all(INSTANCES.map((instance) => roster.until(instance, 'live')));

  const load = await caller.ask<number>('load', { capability: READ, timeoutMs: 2000, perSecond: 100 });
  await troupe.state.set('stays', 1, { ttlMs: 600_000 });
  let [tooEarly, tooLate, jumps, lost] = [0, 0, 0, 0];
  let seenS = 0;
  for (const [orchestratorS, othersS] of [
    [HOUR_S, HOUR_S],
    [0, 0],
    [-HOUR_S, -HOUR_S],
    [HOUR_S, -HOUR_S],
    [0, 0],
  ] as const) {
    await troupe.state.set('goes', 1, { ttlMs: leaseMs / 2 });
    set(orchestratorS, othersS);
    jumps++;
    seenS = Math.max(seenS, Math.abs((await orchestrator.ask<number>('now')) - Date.now()) / 1000);
    if (!(await troupe.state.get('goes'))) tooEarly++;
    // Longer than a lease, so that one that is not renewed, or is lost, is seen.
    const spanMs = quick ? 500 : leaseMs * 1.5;
    const offline = INSTANCES.map((instance) => roster.until(instance, 'offline', spanMs));
    await sleep(spanMs);
    for (const at of await Promise.all(offline)) if (Number.isFinite(at)) lost++;
    if (await troupe.state.get('goes')) tooLate++;
    if (!(await troupe.state.get('stays'))) tooEarly++;
  }
  const calls = new History(await caller.ask<Call[]>('stop', load));
  roster.close();
  troupe.close();
  if (seenS < HOUR_S - 60) return { skipped: 'the clock did not jump: this libfaketime does not move Node' };

  log(`${calls.failures()}`);
  return heldTo(
    [
      {
        name: 'failed',
        what: `calls failed of ${calls.count}`,
        figure: calls.count - calls.ok.count,
        most: 0,
      },
      { name: 'lost', what: 'instances lost', figure: lost, most: 0 },
      { name: 'tooEarly', what: 'expired too early', figure: tooEarly, most: 0 },
      { name: 'tooLate', what: 'too late', figure: tooLate, most: 0 },
    ],
    { jumps, worstP99Ms: calls.latencyMs(0.99) },
  );
}
