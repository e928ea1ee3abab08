import type { Report } from './report.ts';

/** A report that nobody measured: calls took `p99Ms`, where 50 ms are the most. */
export function madeReport(p99Ms: number): Report {
  const met = p99Ms <= 50;
  return {
    machine: {
      cpu: 'A processor',
      cores: 2,
      memoryGiB: 8,
      os: 'Linux',
      node: 'v24.0.0',
      at: '2026-01-02T03:04:05.000Z',
      quick: false,
    },
    rows: [
      {
        id: 'freeze',
        title: 'An instance freezes',
        fault: 'SIGSTOP 10 s',
        must: 'p99 ≤ 50 ms',
        seen: `p99: ${p99Ms} ms${met ? '' : ' (missed: ≤ 50 ms)'}`,
        figures: { p99Ms, calls: 1234.5678 },
        met,
        tookS: 12.34,
        stalledMs: 5.6,
      },
    ],
    skipped: [{ id: 'clock', why: 'there is no faketime' }],
  };
}
