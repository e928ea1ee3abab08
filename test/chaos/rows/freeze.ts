import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import type { History } from '../history/history.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** How much longer than it takes to detect a frozen instance a call may take, in milliseconds. */
const AFTER_DETECTION_MS = 50;
const INSTANCES = ['f1', 'f2', 'f3'];

interface Frozen {
  instance: string;
  stoppedAt: number;
  offlineAt: number;
  continuedAt: number;
  liveAt: number;
}

/** An instance that is stopped, so that its connections stand and nothing comes over them. */
export const freeze: Row = {
  id: 'freeze',
  title: 'An instance freezes',
  fault: 'SIGSTOP 10 s, 20 times',
  quickFault: 'SIGSTOP 2.5 s, once',
  must: '0 failed idempotent calls; detected ≤ 2 s; p99 ≤ detection time + 50 ms; back ≤ 2 s after SIGCONT',
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const freezes = quick ? 1 : 20;
  const frozenMs = quick ? 2500 : 10_000;
  const mesh = await Mesh.start(stage, { instances: Object.fromEntries(INSTANCES.map((id) => [id, {}])) });
  const load = await mesh.load({ capability: READ, timeoutMs: 10_000, perSecond: 100 });
  const frozen: Frozen[] = [];
  for (let nth = 0; nth < freezes; nth++) {
    await sleep(quick ? 300 : 1000);
    const instance = INSTANCES[nth % INSTANCES.length]!;
    const child = mesh.instance(instance);
    const stoppedAt = moment();
    child.signal('SIGSTOP');
    const detected = mesh.roster.until(instance, 'offline', frozenMs);
    await sleep(frozenMs);
    const continuedAt = moment();
    child.signal('SIGCONT');
    const liveAt = await mesh.roster.until(instance, 'live', 5000);
    frozen.push({ instance, stoppedAt, offlineAt: await detected, continuedAt, liveAt });
    log(`${nth + 1} of ${freezes}: detected after ${Math.round((await detected) - stoppedAt)} ms`);
  }
  await sleep(quick ? 800 : 2000);
  const calls = await load.stop();
  mesh.close();

  const worst = (figure: (one: Frozen) => number) => Math.max(...frozen.map(figure));
  return heldTo(
    [
      {
        name: 'failed',
        what: `in ${freezes} × ${frozenMs / 1000} s, idempotent calls failed of ${calls.count}`,
        figure: calls.failed.count,
        most: 0,
      },
      { name: 'unknown', what: 'timed out', figure: calls.unknown.count, most: 0 },
      {
        name: 'detectedMs',
        what: 'detected after at most',
        figure: worst(({ stoppedAt, offlineAt }) => offlineAt - stoppedAt),
        unit: 'ms',
        most: 2000,
      },
      {
        name: 'p99BeyondDetectionMs',
        what: 'p99 while frozen over the time of detection by at most',
        whatBelow: 'p99 while frozen under the time of detection by at least',
        figure: worst(({ stoppedAt, offlineAt, continuedAt }) => {
          const p99 = calls.startedWithin(stoppedAt, continuedAt).latencyMs(0.99);
          return p99 - (offlineAt - stoppedAt);
        }),
        unit: 'ms',
        most: AFTER_DETECTION_MS,
      },
      {
        name: 'backMs',
        what: 'back on the roster and at work after at most',
        figure: worst((one) => Math.max(one.liveAt, servedAt(calls, one)) - one.continuedAt),
        unit: 'ms',
        most: 2000,
      },
    ],
    {
      freezes,
      frozenMs,
      calls: calls.count,
      p99Ms: calls.latencyMs(0.99),
      detectedAfterTaskMs: worst((one) => one.offlineAt - givenAt(calls, one)),
    },
  );
}

/** When an instance answered the first call that was made after it went on. */
function servedAt(calls: History, { instance, continuedAt }: Frozen): number {
  const served = calls.startedWithin(continuedAt).ok.calls.filter((call) => call.instance === instance);
  return Math.min(...served.map(({ end }) => end));
}

/**
 * When an instance was first given a task while it was frozen: that was tried again elsewhere. Where it was given
 * none, nobody was to notice it, until then: the moment at which it was seen to be offline.
 */
function givenAt(calls: History, { stoppedAt, offlineAt }: Frozen): number {
  const triedAgain = calls.startedWithin(stoppedAt, offlineAt).calls.filter(({ attempt }) => attempt > 1);
  return Math.min(offlineAt, ...triedAgain.map(({ start }) => start));
}
