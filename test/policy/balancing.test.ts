import { describe, expect, it } from 'vitest';
import { SimulatedMesh } from './simulated-mesh.ts';
import { quantile, Simulation } from './simulation.ts';

/** Three instances that have been at work for a while. */
function warmMesh(seed: number, perSecond: number, untilMs: number) {
  const simulation = new Simulation(seed);
  const mesh = new SimulatedMesh(simulation);
  const instances = ['a', 'b', 'c'].map((id) => mesh.join(id));
  simulation.arrivals(perSecond, untilMs, () => mesh.call());
  simulation.run(10_000);
  for (const instance of instances) instance.calls = 0;
  return { simulation, mesh, instances };
}

describe('balancing', () => {
  it.each([{ perSecond: 50 }, { perSecond: 1_000 }, { perSecond: 5_000 }])(
    'sends all three of three like instances their share of $perSecond calls/s',
    ({ perSecond }) => {
      const { simulation, instances } = warmMesh(1, perSecond, 40_000);
      simulation.run(40_000);
      const total = instances.reduce((sum, { calls }) => sum + calls, 0);
      for (const { calls } of instances) expect(calls / total).toBeGreaterThan(0.25);
    },
  );

  it.each([{ perSecond: 100 }, { perSecond: 1_000 }, { perSecond: 5_000 }])(
    'turns from the one of three that becomes 300 ms slower, at $perSecond calls/s',
    ({ perSecond }) => {
      const { simulation, mesh, instances } = warmMesh(2, perSecond, 40_000);
      const healthyP99 = quantile(mesh.latencies(5_000), 0.99);
      const [slow] = instances;
      const healthyMs = slow!.serviceMs;
      slow!.serviceMs = () => 300 + healthyMs();
      simulation.run(40_000);

      const total = instances.reduce((sum, { calls }) => sum + calls, 0);
      expect(slow!.calls / total).toBeLessThan(0.05);
      expect(quantile(mesh.latencies(10_000), 0.99)).toBeLessThan(2 * healthyP99);
    },
  );

  it('comes back to one that was slow and is not any more', () => {
    const { simulation, instances } = warmMesh(3, 1_000, 120_000);
    const [slow] = instances;
    const healthyMs = slow!.serviceMs;
    slow!.serviceMs = () => 300 + healthyMs();
    simulation.run(20_000);
    slow!.serviceMs = healthyMs;
    simulation.run(80_000);
    for (const instance of instances) instance.calls = 0;
    simulation.run(120_000);
    expect(slow!.calls / 40_000).toBeGreaterThan(0.25);
  });

  it.each([
    { share: 0.5, perSecond: 100, most: 0.1 },
    { share: 0.5, perSecond: 1_000, most: 0.1 },
    { share: 1, perSecond: 100, most: 0.02 },
    { share: 1, perSecond: 1_000, most: 0.02 },
    { share: 1, perSecond: 5_000, most: 0.02 },
  ])('does not flood the one that fails $share of its calls in 1 ms, at $perSecond calls/s', (row) => {
    const { simulation, instances } = warmMesh(4, row.perSecond, 40_000);
    const [erring] = instances;
    erring!.failing = { share: row.share, ms: 1 };
    simulation.run(40_000);
    const total = instances.reduce((sum, { calls }) => sum + calls, 0);
    expect(erring!.calls / total).toBeLessThan(row.most);
  });

  it.each([{ perSecond: 50 }, { perSecond: 1_000 }])(
    'starves no instance that was restarted, in turns, at $perSecond calls/s',
    ({ perSecond }) => {
      const { simulation, mesh } = warmMesh(5, perSecond, 70_000);
      for (let round = 0; round < 6; round++) {
        mesh.leave(mesh.instances[0]!);
        const restarted = mesh.join(`restarted-${round}`);
        simulation.run(simulation.now + 5_000);
        expect(restarted.calls / (perSecond * 5)).toBeGreaterThan(0.1);
        expect(restarted.calls / (perSecond * 5)).toBeLessThan(1 / 3);
        simulation.run(simulation.now + 5_000);
      }
    },
  );

  it('lets a new instance in little by little, where the others are busy', () => {
    const { simulation, mesh } = warmMesh(6, 4_000, 30_000);
    const fresh = mesh.join('new');
    simulation.run(11_000);
    expect(fresh.calls).toBeGreaterThan(0);
    expect(fresh.calls / 4_000).toBeLessThan(0.125);
    simulation.run(16_000);
    fresh.calls = 0;
    simulation.run(26_000);
    expect(fresh.calls / 40_000).toBeGreaterThan(0.2);
  });
});
