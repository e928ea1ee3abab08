import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradientLimit } from '../../services/policy/gradient-limit.ts';
import { Simulation } from './simulation.ts';

/**
 * A server that works on so many tasks at once, each for 20 ms, and lets the others wait; whoever sends to it keeps
 * as many in flight as the limit allows.
 */
function saturate(
  limit: GradientLimit,
  simulation: Simulation,
  server: { slots: number; serviceMs: number },
) {
  const free: number[] = [];
  let inFlight = 0;
  const send = () => {
    while (inFlight < limit.limit) {
      inFlight++;
      const sentAt = simulation.now;
      const sentWith = inFlight;
      free.length = server.slots;
      // The slot that is free first takes it.
      let slot = 0;
      for (let other = 0; other < server.slots; other++) {
        free[other] ??= 0;
        if (free[other]! < free[slot]!) slot = other;
      }
      const doneAt = Math.max(free[slot]!, sentAt) + server.serviceMs * (0.9 + 0.2 * simulation.random());
      free[slot] = doneAt;
      simulation.after(doneAt - sentAt, () => {
        inFlight--;
        limit.observe(simulation.now - sentAt, sentWith, simulation.now);
        send();
      });
    }
  };
  send();
}

describe('a gradient limit', () => {
  it('stays within its bounds, whatever happens', () => {
    const event = fc.record({
      pause: fc.nat(300),
      latencyMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
      inFlight: fc.nat(300),
      dropped: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const limit = new GradientLimit({ minLimit: 3, maxLimit: 50 });
        let now = 0;
        for (const { pause, latencyMs, inFlight, dropped } of events) {
          now += pause;
          if (dropped) limit.dropped(now);
          else limit.observe(latencyMs, inFlight, now);
          expect(Number.isInteger(limit.limit)).toBe(true);
          expect(limit.limit).toBeGreaterThanOrEqual(3);
          expect(limit.limit).toBeLessThanOrEqual(50);
        }
      }),
    );
  });

  it('does not grow where it is not made use of', () => {
    const limit = new GradientLimit();
    for (let now = 0; now < 60_000; now += 10) limit.observe(20, 9, now);
    expect(limit.limit).toBe(20);
  });

  it('grows while latency stays as it is, and shrinks when it doubles', () => {
    const limit = new GradientLimit();
    for (let now = 0; now < 10_000; now += 10) limit.observe(20, limit.limit, now);
    const grown = limit.limit;
    expect(grown).toBeGreaterThan(100);
    for (let now = 10_000; now < 15_000; now += 10) limit.observe(60, limit.limit, now);
    expect(limit.limit).toBeLessThan(grown / 2);
  });

  it('shrinks by a tenth, once, for each window in which something was dropped', () => {
    const limit = new GradientLimit({ initialLimit: 100 });
    for (let drop = 0; drop < 50; drop++) limit.dropped(1_000);
    expect(limit.limit).toBe(90);
    limit.dropped(1_101);
    expect(limit.limit).toBe(81);
  });

  it('finds a limit that keeps a server busy, and its latency near to what it can do', () => {
    const simulation = new Simulation(1);
    const limit = new GradientLimit();
    saturate(limit, simulation, { slots: 16, serviceMs: 20 });
    const seen: number[] = [];
    for (let second = 1; second <= 120; second++) {
      simulation.run(second * 1_000);
      seen.push(limit.limit);
    }
    expect(Math.min(...seen.slice(5))).toBeGreaterThanOrEqual(16);
    expect(Math.max(...seen)).toBeLessThan(64);
  });

  it('comes down with a server that loses capacity, and back up with it', () => {
    const simulation = new Simulation(2);
    const limit = new GradientLimit();
    const server = { slots: 32, serviceMs: 20 };
    saturate(limit, simulation, server);
    simulation.run(20_000);
    const before = limit.limit;
    server.slots = 4;
    simulation.run(30_000);
    const during = limit.limit;
    server.slots = 32;
    simulation.run(40_000);
    expect(during).toBeLessThan(before / 2);
    expect(limit.limit).toBeGreaterThan(32);
  });

  it('learns that every call takes five times as long now, though nothing queues', () => {
    const limit = new GradientLimit();
    const busy = (untilMs: number, fromMs: number, latencyMs: number) => {
      for (let now = fromMs; now < untilMs; now += 10) limit.observe(latencyMs, limit.limit, now);
    };
    busy(5_000, 0, 20);
    busy(15_000, 5_000, 100);
    expect(limit.limit).toBeLessThan(10);
    busy(35_000, 15_000, 100);
    expect(limit.limit).toBeGreaterThan(12);
  });
});
