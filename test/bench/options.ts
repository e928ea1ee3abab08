import { readSuiteOptions, type SuiteOptions } from '../report/suite-options.ts';
import { FAMILIES } from './rows/families.ts';

const ALL_IDS = FAMILIES.flatMap(({ plans }) => plans.map(({ id }) => id));

/** How to call it. */
export const USAGE = `npm run bench -- [options]

Measures Troupe and its peers, each in processes of its own, and tells how they compare. A full run takes about six
minutes, installs the peers' packages and builds a nats-server where there is none, and writes docs/performance.md.

  --json          print one JSON object {machine, rows, skipped}, and nothing else, to standard output
  --quick         few and short rounds, in under 50 s; installs nothing, and skips the peers that are absent, by name
  --assert        end with code 1 where a row misses what it must, naming it with its figure
  --only ID,…     measure these rows alone
  --write         write docs/performance.md and docs/performance.svg also after --quick, --only or --from
  --from FILE     take the report that --json printed before, in place of measuring
  --profile DIR   write a CPU profile of each process to DIR
  --help          print this

Rows: ${ALL_IDS.join(', ')}
`;

/** Reads the command line. Throws, saying what is wrong, where it cannot be understood. */
export function readOptions(args: readonly string[]): SuiteOptions {
  return readSuiteOptions(args, ALL_IDS, ['profile']);
}
