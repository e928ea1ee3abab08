import type { Row } from '../row.ts';
import { kill } from './kill.ts';

/** All rows, in the order of the report. */
export const ROWS: readonly Row[] = [kill];
