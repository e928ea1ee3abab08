import type { Row } from '../row.ts';
import { erring } from './erring.ts';
import { freeze } from './freeze.ts';
import { kill } from './kill.ts';
import { silent } from './silent.ts';
import { slow } from './slow.ts';

/** All rows, in the order of the report. */
export const ROWS: readonly Row[] = [kill, freeze, slow, erring, silent];
