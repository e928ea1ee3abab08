import { readSuiteOptions, type SuiteOptions } from '../report/suite-options.ts';
import { ROWS } from './rows/rows.ts';

const ALL_IDS = ROWS.map(({ id }) => id);

/** How to call it. */
export const USAGE = `npm run chaos -- [options]

Injects faults into a mesh of real processes, and tells what callers saw of them. A full run takes about fifteen
minutes and writes docs/reliability.md.

  --json          print one JSON object {machine, rows, skipped}, and nothing else, to standard output
  --quick         each fault once or a few times and for a short while, in under 50 s
  --assert        end with code 1 where a row misses what it must, naming it with what was seen
  --only ID,…     run these rows alone
  --write         write docs/reliability.md also after --quick, --only or --from
  --from FILE     take the report that --json printed before, in place of running
  --help          print this

Rows: ${ALL_IDS.join(', ')}
`;

/** Reads the command line. Throws, saying what is wrong, where it cannot be understood. */
export function readOptions(args: readonly string[]): SuiteOptions {
  return readSuiteOptions(args, ALL_IDS);
}
