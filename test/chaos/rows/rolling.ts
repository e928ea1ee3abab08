import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import type { History } from '../history/history.ts';
import { READ, WRITE } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** What the issue says of the deadline: at least 10 s. */
const TIMEOUT_MS = 10_000;

/** Everything restarted well, one after another, under load. */
export const rolling: Row = {
  id: 'rolling',
  title: 'Everything is restarted',
  fault: 'SIGTERM each agent, then the orchestrator, started again at once on its port, under load, 3 ×',
  quickFault:
    'SIGTERM each agent, then the orchestrator, started again at once on its port, under load, once',
  must: '0 failed calls with ≥ 10 s deadline through our client; linked tasks 0 lost, 0 answered twice',
  run,
};

async function run(context: RowContext): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  try {
    return await restarted(join(folder, 'journal'), context);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function restarted(journal: string, { quick, log, stage }: RowContext): Promise<Seen> {
  const rounds = quick ? 1 : 3;
  const special = { handleMs: 20, journal };
  const mesh = await Mesh.start(stage, { instances: { 'a-0': special, 'b-0': special, 'c-0': special } });
  const reads = await mesh.load({ capability: READ, timeoutMs: TIMEOUT_MS, perSecond: 100 });
  const writes = await mesh.load({ capability: WRITE, timeoutMs: TIMEOUT_MS, perSecond: 100 });
  await sleep(quick ? 200 : 1000);
  for (let round = 1; round <= rounds; round++) {
    for (const name of ['a', 'b', 'c']) {
      const leaving = mesh.instance(`${name}-${round - 1}`);
      leaving.signal('SIGTERM');
      await leaving.ended();
      await mesh.startInstance(`${name}-${round}`, special);
      await mesh.live(`${name}-${round}`);
    }
    log(`${round} of ${rounds}: the agents are restarted; ${(await writes.soFar()).failures()}`);
    await mesh.restartOrchestrator();
    for (const name of ['a', 'b', 'c']) await mesh.live(`${name}-${round}`);
    log(`${round} of ${rounds}: the orchestrator is restarted; ${(await writes.soFar()).failures()}`);
    await sleep(quick ? 200 : 1000);
  }
  const [read, written] = [await reads.stop(), await writes.stop()];
  mesh.close();

  const done = (await readFile(journal, 'utf8')).split('\n').filter((line) => line.startsWith(WRITE));
  const doneTwice = done.length - new Set(done.map((line) => line.split(' ')[1])).size;
  const failed = (history: History) => history.failed.count + history.unknown.count;
  for (const call of [...written.failed.calls, ...read.failed.calls].slice(0, 3)) log(JSON.stringify(call));
  return heldTo(
    [
      {
        name: 'failed',
        what: `in ${rounds} × all, calls failed or timed out of ${read.count + written.count}`,
        figure: failed(read) + failed(written),
        most: 0,
      },
      {
        name: 'lost',
        what: 'tasks that may not be done twice lost',
        figure: failed(written),
        most: 0,
      },
      { name: 'doneTwice', what: 'done twice', figure: doneTwice, most: 0 },
    ],
    {
      rounds,
      calls: read.count + written.count,
      longestMs: Math.max(read.latencyMs(1), written.latencyMs(1)),
    },
  );
}
