import type { Row } from '../row.ts';
import { erring } from './erring.ts';
import { freeze } from './freeze.ts';
import { kill } from './kill.ts';
import { overload } from './overload.ts';
import { partition } from './partition.ts';
import { rolling } from './rolling.ts';
import { scenarios } from './scenarios.ts';
import { silent } from './silent.ts';
import { slow } from './slow.ts';
import { storm } from './storm.ts';

/** All rows, in the order of the report. */
export const ROWS: readonly Row[] = [
  kill,
  freeze,
  slow,
  erring,
  silent,
  partition,
  scenarios,
  rolling,
  overload,
  storm,
];
