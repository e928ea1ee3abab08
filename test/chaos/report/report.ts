import type { Machine, Skipped } from '../../report/machine.ts';
import type { Row, Seen } from '../row.ts';

/** A row of the report. */
export interface ReportedRow extends Seen, Pick<Row, 'id' | 'title' | 'fault' | 'must'> {
  /** How long it took, in seconds. */
  tookS: number;
  /**
   * The longest time, in milliseconds, for which the machine kept a thread from running meanwhile: what it adds to a
   * latency when it has too few processors.
   */
  stalledMs: number;
}

/** All that a run of the suite tells. */
export interface Report {
  machine: Machine;
  rows: ReportedRow[];
  skipped: Skipped[];
}
