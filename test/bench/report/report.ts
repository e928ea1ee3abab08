import type { Machine, Skipped } from '../../report/machine.ts';
import type { Row } from '../rows/row.ts';

/** All that a run of the benchmark tells. */
export interface Report {
  machine: Machine;
  rows: Row[];
  skipped: Skipped[];
}
