import type { Row } from '../row.ts';
import { clock } from './clock.ts';
import { erring } from './erring.ts';
import { floods } from './floods.ts';
import { freeze } from './freeze.ts';
import { kill } from './kill.ts';
import { malformed } from './malformed.ts';
import { overload } from './overload.ts';
import { partition } from './partition.ts';
import { rolling } from './rolling.ts';
import { scenarios } from './scenarios.ts';
import { silent } from './silent.ts';
import { slow } from './slow.ts';
import { slowReader } from './slow-reader.ts';
import { soak } from './soak.ts';
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
  slowReader,
  malformed,
  floods,
  clock,
  soak,
];
