import { describe, expect, it } from 'vitest';
import { Admission } from '../../services/policy/admission.ts';
import { quantile, Simulation } from './simulation.ts';

interface Task {
  caller: string;
  sentAt: number;
}

/** An agent that works on so many tasks at once, each for about 20 ms. */
function agent(simulation: Simulation, maxConcurrency: number, ttlMs = 5_000) {
  const done: { caller: string; at: number; ms: number }[] = [];
  let most = 0;
  let refused = 0;
  const admission = new Admission<Task>({ limit: maxConcurrency, refuse: () => refused++ });
  const work = ({ caller, sentAt }: Task) => {
    const serviceMs = 19 + 2 * simulation.random();
    simulation.after(serviceMs, () => {
      done.push({ caller, at: simulation.now, ms: simulation.now - sentAt });
      admission.ended(serviceMs);
      for (let next = admission.next(simulation.now); next; next = admission.next(simulation.now)) work(next);
    });
  };
  const send = (caller: string) => {
    const task = { caller, sentAt: simulation.now };
    if (admission.enter()) return work(task);
    const verdict = admission.wait(task, caller, simulation.now + ttlMs, simulation.now);
    if (typeof verdict === 'string') refused++;
    most = Math.max(most, admission.waiting);
  };
  const between = (from: number, to: number) => done.filter(({ at }) => at >= from && at < to);
  return { send, between, refused: () => refused, most: () => most };
}

describe('overload', () => {
  it.each([{ maxConcurrency: 1 }, { maxConcurrency: 4 }, { maxConcurrency: 16 }])(
    'costs an agent that takes $maxConcurrency at once neither goodput nor latency, and passes',
    (row) => {
      const { maxConcurrency } = row;
      const capacity = maxConcurrency * 50;
      const simulation = new Simulation(1);
      const { send, between, most } = agent(simulation, maxConcurrency);
      const at = (share: number, untilMs: number) =>
        simulation.arrivals(capacity * share, untilMs, () => send('caller'));
      at(0.5, 20_000);
      simulation.run(20_000);
      at(10, 80_000);
      simulation.run(80_000);
      at(0.5, 110_000);
      simulation.run(110_000);

      const under = between(20_000, 80_000);
      expect(under.length / 60).toBeGreaterThan(0.9 * capacity);
      // At its peak an agent is busy all the time, and no task waits: 21 ms at most.
      expect(
        quantile(
          under.map(({ ms }) => ms),
          0.99,
        ),
      ).toBeLessThanOrEqual(2 * 21);
      expect(most()).toBeLessThanOrEqual(1_000);
      const recovered = between(85_000, 110_000);
      expect(recovered.length / 25).toBeGreaterThan(0.45 * capacity);
      const before = between(0, 20_000).map(({ ms }) => ms);
      const after = recovered.map(({ ms }) => ms);
      expect(quantile(after, 0.99)).toBeLessThanOrEqual(1.2 * quantile(before, 0.99));
    },
  );

  it('takes nothing from a modest caller beside a greedy one', () => {
    const simulation = new Simulation(2);
    const { send, between } = agent(simulation, 4);
    simulation.arrivals(2_000, 30_000, () => send('greedy'));
    simulation.arrivals(20, 30_000, () => send('modest'));
    simulation.run(31_000);
    const modest = between(1_000, 31_000).filter(({ caller }) => caller === 'modest');
    expect(modest.length).toBeGreaterThan(0.9 * 20 * 29);
    expect(
      quantile(
        modest.map(({ ms }) => ms),
        0.99,
      ),
    ).toBeLessThanOrEqual(2 * 21);
  });

  it('gives each of five callers that all ask for too much the half of an even share at least', () => {
    const simulation = new Simulation(3);
    const { send, between } = agent(simulation, 4);
    const callers = ['a', 'b', 'c', 'd', 'e'];
    for (const [rank, caller] of callers.entries()) {
      simulation.arrivals(200 * (rank + 1), 30_000, () => send(caller));
    }
    simulation.run(30_000);
    for (const caller of callers) {
      const count = between(0, 30_000).filter((task) => task.caller === caller).length;
      expect(count / between(0, 30_000).length).toBeGreaterThan(0.1);
    }
  });

  it('does no work that comes too late', () => {
    const simulation = new Simulation(4);
    const { send, between, refused } = agent(simulation, 4, 30);
    simulation.arrivals(400, 10_000, () => send('caller'));
    simulation.run(11_000);
    const done = between(0, 11_000);
    // What a task takes differs by 1 ms from what it takes on average.
    expect(done.every(({ ms }) => ms <= 32)).toBe(true);
    expect(done.length).toBeGreaterThan(0.9 * 200 * 10);
    expect(refused()).toBeGreaterThan(0);
  });
});
