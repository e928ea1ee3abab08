import type { RowFamily } from './bench.ts';
import { broadcastRow } from './broadcast-row.ts';
import { progressRows } from './progress-rows.ts';
import { rosterRows } from './roster-rows.ts';
import { startRows } from './start-rows.ts';
import { stateRows } from './state-rows.ts';
import { taskRows } from './task-rows.ts';

/** All rows, in the order of the report. */
export const FAMILIES: readonly RowFamily[] = [
  taskRows,
  progressRows,
  broadcastRow,
  rosterRows,
  stateRows,
  startRows,
];
