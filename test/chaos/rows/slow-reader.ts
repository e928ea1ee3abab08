import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../report/statistics.ts';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { startOrchestrator } from '../mesh/start-orchestrator.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const MIB = 2 ** 20;
/** How often a stream tells something, in milliseconds: more than a busy machine adds by itself. */
const EVERY_MS = 20;
/**
 * What each message of the one that sleeps holds, in bytes: what it leaves unread soon fills every buffer on its way.
 */
const SLEEPER_BYTES = 256 * 1024;
/** How long it may be until it is cut, in milliseconds. */
const CUT_WITHIN_MS = 30_000;

/** One of 20 readers stops reading its socket. */
export const slowReader: Row = {
  id: 'slow-reader',
  title: 'A reader sleeps',
  fault: '1 of 20 readers of DispatchStream is stopped, and does not read its socket',
  must: "others' p99 from one message to the next ≤ 1.5 ×; reader cut with SLOW_READER; memory ≤ +100 MB",
  alone: true,
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const spanMs = quick ? 700 : 10_000;
  const orchestrator = await startOrchestrator(stage);
  const address = await orchestrator.told('address');
  const agent = await stage.start('peers/stream-agent-role.ts', { orchestrator: address });
  const common = { orchestrator: address, everyMs: EVERY_MS };
  const [others, sleeper] = await Promise.all([
    stage.start('peers/stream-reader-role.ts', { ...common, reader: 'other', count: 19, bytes: 1024 }),
    stage.start('peers/stream-reader-role.ts', {
      ...common,
      reader: 'sleeper',
      count: 1,
      bytes: SLEEPER_BYTES,
    }),
  ]);
  await sleep(quick ? 400 : 3000);
  await others.ask('gaps');
  await sleep(spanMs);
  const calm = await others.ask<number[]>('gaps');
  const before = await orchestrator.usage();

  sleeper.signal('SIGSTOP');
  const stoppedAt = moment();
  let cutMs = Number.NaN;
  let mostBytes = 0;
  while (moment() < stoppedAt + (Number.isNaN(cutMs) ? CUT_WITHIN_MS : spanMs)) {
    const [cancelled, { rssBytes }] = await Promise.all([
      agent.ask<string[]>('cancelled'),
      orchestrator.usage(),
    ]);
    mostBytes = Math.max(mostBytes, rssBytes);
    if (Number.isNaN(cutMs) && cancelled.includes('sleeper-0')) cutMs = moment() - stoppedAt;
    await sleep(50);
  }
  const during = await others.ask<number[]>('gaps');
  sleeper.signal('SIGCONT');
  const ended = await endOf(() => sleeper.ask<string[]>('ended'));
  log(`it was cut after ${cutMs.toFixed(0)} ms, and learnt of it as ${ended}`);

  const calmP99Ms = quantile(calm, 0.99);
  const p99Ms = quantile(during, 0.99);
  return heldTo(
    [
      {
        name: 'timesCalmP99',
        what: `others' p99 ${p99Ms.toFixed(1)} ms, ${calmP99Ms.toFixed(1)} ms before, that is`,
        figure: p99Ms / calmP99Ms,
        unit: '×',
        most: 1.5,
      },
      { name: 'cutMs', what: 'cut after', figure: cutMs, unit: 'ms', most: CUT_WITHIN_MS },
      {
        name: 'toldSlowReader',
        what: `told ${ended}, which is SLOW_READER`,
        figure: Number(ended.includes('SLOW_READER')),
        least: 1,
      },
      {
        name: 'grownMiB',
        what: 'memory grown by',
        figure: (mostBytes - before.rssBytes) / MIB,
        unit: 'MiB',
        most: 100,
      },
    ],
    { othersEnded: (await others.ask<string[]>('ended')).length },
  );
}

/** How its stream ended, once it has read what was there. */
async function endOf(ask: () => Promise<string[]>): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const [ended] = await ask();
    if (ended) return ended;
    await sleep(50);
  }
  return 'nothing';
}
