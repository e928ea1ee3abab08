import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import type { Call } from '../history/call.ts';
import { moment } from '../history/clock.ts';
import { READ, WRITE } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** How long an instance may be given tasks after it was killed, in milliseconds. */
const OUT_WITHIN_MS = 100;

interface Killed {
  instance: string;
  at: number;
  offlineAt: number;
}

/** 1 of 3 instances killed under load, again and again. */
export const kill: Row = {
  id: 'kill',
  title: 'An instance dies',
  fault: '1 of 3 instances SIGKILLed under load, 30 times',
  quickFault: '1 of 3 instances SIGKILLed under load, 3 times',
  must: 'idempotent: 0 failed; others: only calls in flight there, UNAVAILABLE / INSTANCE_LOST; out of rotation ≤ 100 ms',
  alone: true,
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const kills = quick ? 3 : 30;
  const special = { handleMs: 20 };
  const mesh = await Mesh.start(stage, { instances: { k1: special, k2: special, k3: special } });
  const reads = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 150 });
  const writes = await mesh.load({ capability: WRITE, timeoutMs: 5000, perSecond: 150 });
  const killed: Killed[] = [];
  const alive = ['k1', 'k2', 'k3'];
  for (let nth = 1; nth <= kills; nth++) {
    await sleep(quick ? 150 : 500);
    const instance = alive.shift()!;
    const at = moment();
    mesh.instance(instance).signal('SIGKILL');
    killed.push({ instance, at, offlineAt: await mesh.roster.until(instance, 'offline', 5000) });
    const next = `k${nth + 3}`;
    await mesh.startInstance(next, special);
    await mesh.live(next);
    alive.push(next);
    log(`${nth} of ${kills}`);
  }
  await sleep(200);
  const [read, written] = [await reads.stop(), await writes.stop()];
  mesh.close();

  const lost = written.failed.calls;
  const unexplained = lost.filter((call) => !wasInFlight(call, killed));
  const outMs = killed.map(({ at, offlineAt }) => offlineAt - at);
  for (const call of unexplained.slice(0, 3)) log(`unexplained: ${JSON.stringify(call)}`);
  return heldTo(
    [
      {
        name: 'failedReads',
        what: `in ${kills} kills, idempotent calls failed of ${read.count}`,
        figure: read.failed.count,
        most: 0,
      },
      { name: 'unknownReads', what: 'timed out', figure: read.unknown.count, most: 0 },
      {
        name: 'unexplainedWrites',
        what: `other calls failed that were not in flight there, of ${written.count}`,
        figure: unexplained.length + written.unknown.count,
        most: 0,
      },
      {
        name: 'outOfRotationMs',
        what: `out of rotation after at most`,
        figure: Math.max(...outMs),
        unit: 'ms',
        most: OUT_WITHIN_MS,
      },
    ],
    { kills, reads: read.count, writes: written.count, lostWrites: lost.length },
  );
}

/**
 * Whether a call was in flight at an instance when that was killed, and says so. A failure that does not name its
 * instance is held against the times alone.
 */
function wasInFlight({ code, reason, instance, start, end }: Call, killed: readonly Killed[]): boolean {
  if (code !== 'UNAVAILABLE' || reason !== 'INSTANCE_LOST') return false;
  return killed.some(
    (victim) =>
      (instance === '' || instance === victim.instance) &&
      start <= victim.at + OUT_WITHIN_MS &&
      end >= victim.at &&
      end <= victim.offlineAt + OUT_WITHIN_MS,
  );
}
