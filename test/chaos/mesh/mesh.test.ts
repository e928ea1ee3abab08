import { expect, it, onTestFinished } from 'vitest';
import { Stage } from '../../processes/stage.ts';
import { READ } from './agent-role.ts';
import { Mesh } from './mesh.ts';

it('a mesh of processes shows what its callers and its roster see of a fault', async () => {
  const stage = new Stage({ root: `${import.meta.dirname}/..`, env: process.env });
  onTestFinished(() => stage.close());
  const mesh = await Mesh.start(stage, { instances: { a1: {}, a2: {} } });
  onTestFinished(() => mesh.close());
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 200 });
  while ((await load.soFar()).filter(({ instance }) => instance === 'a1').ok.count === 0);
  await mesh.instance('a2').ask('behave', { failShare: 1, code: 'INVALID_ARGUMENT' });
  while ((await load.soFar()).filter(({ code }) => code === 'INVALID_ARGUMENT').count === 0);

  mesh.instance('a2').signal('SIGKILL');
  expect(await mesh.roster.until('a2', 'offline')).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(['a1', 'a2', 'a3'].map((id) => mesh.roster.of(id))).toEqual(['live', 'offline', 'absent']);
  expect(await mesh.roster.until('a2', 'live', 1)).toBe(Number.POSITIVE_INFINITY);

  const { count, ok, failed, unknown } = await load.stop();
  expect(ok.count + failed.count + unknown.count).toBe(count);
});

it('a mesh starts its orchestrator again where it was, and its roster is told anew', async () => {
  const stage = new Stage({ root: `${import.meta.dirname}/..`, env: process.env });
  onTestFinished(() => stage.close());
  const mesh = await Mesh.start(stage, { instances: { a1: {} } });
  onTestFinished(() => mesh.close());
  await mesh.restartOrchestrator();
  expect(await mesh.orchestrator.told('address')).toBe(mesh.address);
  await mesh.live('a1');
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, inFlight: 1 });
  while ((await load.soFar()).ok.count === 0);
  await load.stop();
});
