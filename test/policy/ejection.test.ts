import { describe, expect, it } from 'vitest';
import type { Health } from '../../services/policy/health.ts';
import { OutlierEjector } from '../../services/policy/outlier-ejector.ts';
import { type SimulatedInstance, SimulatedMesh } from './simulated-mesh.ts';
import { Simulation } from './simulation.ts';

/** Instances of which those that fail are ejected and probed. */
function ejectingMesh(seed: number, count: number, perSecond: number, untilMs: number) {
  const simulation = new Simulation(seed);
  const mesh = new SimulatedMesh(simulation);
  const ejector = new OutlierEjector<SimulatedInstance>();
  const healths = new Map<SimulatedInstance, Health<SimulatedInstance>>();
  const ejections: { at: number; instance: SimulatedInstance }[] = [];
  for (let name = 0; name < count; name++) {
    const instance = mesh.join(`${name}`);
    healths.set(instance, ejector.join(instance));
  }
  mesh.bar = (instance) => (ejector.isEjected(healths.get(instance)!) ? 'EJECTED' : undefined);
  mesh.onEnded = ({ instance, outcome, startedAt }) => {
    const change = ejector.note(healths.get(instance)!, outcome, startedAt, simulation.now);
    if (change === 'EJECTED') ejections.push({ at: simulation.now, instance });
  };
  simulation.arrivals(perSecond, untilMs, () => mesh.call({ to: ejector.probe(simulation.now) }));
  return { simulation, mesh, ejector, ejections };
}

describe('ejection', () => {
  it.each([
    { count: 3, perSecond: 20, failMs: 6 },
    { count: 3, perSecond: 100, failMs: 1 },
    { count: 3, perSecond: 1_000, failMs: 1 },
    { count: 3, perSecond: 5_000, failMs: 1 },
    { count: 2, perSecond: 100, failMs: 1 },
  ])('has one of $count that fails half of $perSecond calls/s out within 3 s', (row) => {
    const { count, perSecond, failMs } = row;
    let late = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { simulation, mesh, ejections } = ejectingMesh(seed, count, perSecond, 13_000);
      simulation.run(10_000);
      expect(ejections).toEqual([]);
      mesh.instances[0]!.failing = { share: 0.5, ms: failMs };
      simulation.run(13_000);
      expect(ejections.every(({ instance }) => instance === mesh.instances[0])).toBe(true);
      if (ejections.length === 0) late++;
    }
    // At 20 calls/s chance may give it too few failures to tell.
    expect(late).toBeLessThanOrEqual(perSecond < 100 ? 2 : 0);
  });

  it('keeps what an instance that fails every call costs to less than 1 % of 200 calls/s', () => {
    const { simulation, mesh } = ejectingMesh(7, 3, 200, 130_000);
    simulation.run(10_000);
    mesh.instances[0]!.failing = { share: 1, ms: 1 };
    simulation.run(70_000);
    const failed = mesh.ended.filter(({ outcome }) => outcome === 'failure').length;
    expect(failed).toBeLessThan(0.01 * 200 * 60);

    // It is well again, and soon has its share.
    mesh.instances[0]!.failing.share = 0;
    simulation.run(100_000);
    for (const instance of mesh.instances) instance.calls = 0;
    simulation.run(130_000);
    expect(mesh.instances[0]!.calls).toBeGreaterThan(0.2 * 200 * 30);
  });

  it('leaves alone those that fail one of a hundred calls', () => {
    for (const perSecond of [10, 100, 2_000]) {
      const { simulation, mesh, ejections } = ejectingMesh(8, 3, perSecond, 60_000);
      for (const instance of mesh.instances) instance.failing.share = 0.01;
      simulation.run(60_000);
      expect(ejections).toEqual([]);
    }
  });

  it.each([
    { failing: 2, panics: true },
    // Which of them were ejected before all were as ill, chance decides.
    { failing: 3, panics: expect.any(Boolean) },
  ])('keeps no more than one of three out while $failing fail, and none once they are well', (row) => {
    const { simulation, mesh, ejector } = ejectingMesh(9, 3, 200, 60_000);
    simulation.run(5_000);
    for (const instance of mesh.instances.slice(0, row.failing)) instance.failing.share = 1;
    let most = 0;
    for (let now = 5_000; now < 25_000; now += 100) {
      simulation.run(now);
      most = Math.max(most, mesh.instances.filter((instance) => mesh.bar(instance)).length);
    }
    expect(most).toBeLessThanOrEqual(1);
    expect(ejector.panicking).toEqual(row.panics);

    for (const instance of mesh.instances) instance.failing.share = 0;
    simulation.run(45_000);
    for (const instance of mesh.instances) instance.calls = 0;
    simulation.run(60_000);
    for (const instance of mesh.instances) expect(instance.calls).toBeGreaterThan(0.2 * 200 * 15);
    expect(ejector.nextProbeAt).toBe(Number.POSITIVE_INFINITY);
  });
});
