import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { load, untilJoined, untilMore } from '../client/rolling.ts';
import { startMesh } from './mesh.ts';

const WORKER = 'test/fixtures/rolling-worker.ts';

it('A rolling restart of every process of a mesh, three times under load, loses no call and does none twice', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-rolling-'));
  const WORKED = join(folder, 'worked');
  const mesh = await startMesh();
  onTestFinished(async () => {
    await mesh.stop();
    await rm(folder, { recursive: true });
  });
  let { orchestrator } = mesh;
  const start = () => mesh.processes.agent(WORKER, orchestrator, { WORKED });
  const agents = [await start(), await start(), await start()];
  const joined = () => untilJoined(mesh.troupe, () => agents.map(({ address }) => address));
  await joined();

  const calls = load(mesh.troupe);
  for (let round = 0; round < 3; round++) {
    for (const [n, agent] of agents.entries()) {
      await untilMore(calls, 100);
      await agent.leave();
      agents[n] = await start();
      await joined();
    }
    await untilMore(calls, 100);
    await orchestrator.leave();
    orchestrator = await mesh.processes.orchestrator({ TROUPE_LISTEN: orchestrator.address });
    await untilMore(calls, 100);
    await joined();
  }
  const { answered, failures } = await calls.stop();
  expect(failures).toEqual([]);
  expect(answered.length).toBeGreaterThan(1000);
  const worked = (await readFile(WORKED, 'utf8')).trim().split('\n');
  expect(worked.sort()).toEqual(answered.sort());
  expect(new Set(answered).size).toBe(answered.length);
});
