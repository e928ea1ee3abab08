import { MADE_MACHINE } from '../../report/made-machine.ts';
import { rowOf } from '../rows/row.ts';
import type { Report } from './report.ts';

/**
 * A report that nobody measured: `speed` calls per second against 1,000 of direct calls, where five times as many are
 * a must.
 */
export function madeReport(speed: number): Report {
  const summary = (callsPerSecond: number, between: Record<string, number>) => ({
    callsPerSecond,
    p50Ms: 1.5,
    p99Ms: 3,
    processes: Object.fromEntries(
      Object.entries({ client: 30, ...between, agent: 20 }).map(([name, cpuUsPerCall]) => [
        name,
        { cpuUsPerCall, rssMiB: 100 },
      ]),
    ),
  });
  const linked = rowOf(
    { id: 'link-64', title: 'Dispatch over a link', unit: 'calls/s', must: 5, aim: 8 },
    {
      value: speed,
      spread: [speed - 1, speed + 1],
      against: { name: 'direct', value: 1000, spread: [900, 1100] },
      load: { inFlight: 64, payloadBytes: 128 },
      contestants: { 'Troupe, over links': summary(speed, { orchestrator: 10 }), direct: summary(1000, {}) },
    },
  );
  const reported = rowOf(
    { id: 'state-get', title: 'Shared state', unit: 'calls/s' },
    { value: 1234.5678, spread: [1000, 2000] },
  );
  return {
    machine: MADE_MACHINE,
    rows: [linked, reported],
    skipped: [{ id: 'link-64-nats', why: 'NATS request/reply: there is no nats-server' }],
  };
}
