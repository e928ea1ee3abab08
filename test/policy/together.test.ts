import { describe, expect, it } from 'vitest';
import type { Health } from '../../services/policy/health.ts';
import { OutlierEjector } from '../../services/policy/outlier-ejector.ts';
import { RetryBudget } from '../../services/policy/retry-budget.ts';
import { RetryPolicy } from '../../services/policy/retry-policy.ts';
import { type EndedCall, type SimulatedInstance, SimulatedMesh } from './simulated-mesh.ts';
import { Simulation } from './simulation.ts';

/** Idempotent tasks over three instances: balanced, ejected, retried. */
function wholeMesh(seed: number, perSecond: number, untilMs: number) {
  const simulation = new Simulation(seed);
  const mesh = new SimulatedMesh(simulation);
  const ejector = new OutlierEjector<SimulatedInstance>();
  const budget = new RetryBudget();
  const retries = new RetryPolicy(budget, simulation.random);
  const healths = new Map<SimulatedInstance, Health<SimulatedInstance>>();
  for (const name of ['a', 'b', 'c']) {
    const instance = mesh.join(name);
    healths.set(instance, ejector.join(instance));
  }
  mesh.bar = (instance) => (ejector.isEjected(healths.get(instance)!) ? 'EJECTED' : undefined);
  const seen = { tasks: 0, attempts: 0, errors: 0 };

  const attempt = (number: number, not?: SimulatedInstance) => {
    seen.attempts++;
    const to = number === 1 ? ejector.probe(simulation.now) : undefined;
    const onEnded = ({ instance, outcome, startedAt }: EndedCall) => {
      ejector.note(healths.get(instance)!, outcome, startedAt, simulation.now);
      if (outcome === 'success') return;
      const failed = { attempt: number, kind: 'transient', idempotent: true, elsewhere: true } as const;
      const waitMs = retries.after({ ...failed, remainingMs: 5_000 }, simulation.now);
      if (typeof waitMs === 'string') seen.errors++;
      else simulation.after(waitMs, () => attempt(number + 1, instance));
    };
    mesh.call({ to, not, onEnded });
  };
  simulation.arrivals(perSecond, untilMs, () => {
    seen.tasks++;
    budget.deposit(simulation.now);
    attempt(1);
  });
  return { simulation, mesh, seen };
}

describe('the policies together', () => {
  it.each([
    { share: 0.5, perSecond: 20 },
    { share: 0.5, perSecond: 1_000 },
    { share: 1, perSecond: 20 },
    { share: 1, perSecond: 1_000 },
  ])('hide from callers that one of three fails $share of its calls, at $perSecond calls/s', (row) => {
    const { simulation, mesh, seen } = wholeMesh(1, row.perSecond, 70_000);
    simulation.run(10_000);
    mesh.instances[0]!.failing = { share: row.share, ms: 1 };
    simulation.run(75_000);
    expect(seen.errors / seen.tasks).toBeLessThanOrEqual(0.001);
    expect((seen.attempts - seen.tasks) / seen.tasks).toBeLessThan(0.03);
  });

  it('send little more than was asked for while all instances fail every call', () => {
    const { simulation, mesh, seen } = wholeMesh(2, 500, 100_000);
    simulation.run(10_000);
    const before = { ...seen };
    for (const instance of mesh.instances) instance.failing.share = 1;
    simulation.run(70_000);
    const tasks = seen.tasks - before.tasks;
    const extra = seen.attempts - before.attempts - tasks;
    // A hundredth for what chance has brought more in the first ten seconds than in the last.
    expect(extra).toBeLessThanOrEqual(0.21 * tasks + 10 * 60);

    for (const instance of mesh.instances) instance.failing.share = 0;
    simulation.run(70_500);
    const { errors } = seen;
    simulation.run(100_000);
    expect(seen.errors).toBe(errors);
  });
});
