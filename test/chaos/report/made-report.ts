import { MADE_MACHINE } from '../../report/made-machine.ts';
import type { Report } from './report.ts';

/** A report that nobody measured: calls took `p99Ms`, where 50 ms are the most. */
export function madeReport(p99Ms: number): Report {
  const met = p99Ms <= 50;
  return {
    machine: MADE_MACHINE,
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
