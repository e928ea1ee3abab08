import { parseArgs } from 'node:util';
import { FAMILIES } from './rows/families.ts';

/** What the benchmark is asked for. */
export interface Options {
  /** Print the report as one JSON object, and nothing else, to standard output. */
  json: boolean;
  /** Few and short rounds, in under 50 s; install and build nothing. */
  quick: boolean;
  /** Fail where a row misses what it must. */
  assert: boolean;
  /** The ids of the rows to measure: all, or those of `--only`. */
  ids: ReadonlySet<string>;
  /** Write docs/performance.md and its chart. */
  write: boolean;
  /** A folder for a CPU profile of each process. */
  profile: string | undefined;
  /** A report of an earlier run (`--json`) to read in place of measuring. */
  from: string | undefined;
  help: boolean;
}

/** How to call it. */
export const USAGE = `npm run bench -- [options]

Measures Troupe and its peers, each in processes of its own, and tells how they compare. A full run takes some ten
minutes, installs the peers' packages and builds a nats-server where there is none, and writes docs/performance.md.

  --json          print one JSON object {machine, rows, skipped}, and nothing else, to standard output
  --quick         few and short rounds, in under 50 s; installs nothing, and skips the peers that are absent, by name
  --assert        end with code 1 where a row misses what it must, naming it with its figure
  --only ID,…     measure these rows alone
  --write         write docs/performance.md and docs/performance.svg also after --quick, --only or --from
  --from FILE     take the report that --json printed before, in place of measuring
  --profile DIR   write a CPU profile of each process to DIR
  --help          print this

Rows: ${allIds().join(', ')}
`;

/** Reads the command line. Throws, saying what is wrong, where it cannot be understood. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, ...options } = values;
  const ids = new Set(only?.split(',') ?? allIds());
  const unknown = [...ids].filter((id) => !allIds().includes(id));
  if (unknown.length > 0) {
    throw new Error(`There is no row ${unknown.join(', ')}. Those that there are: ${allIds().join(', ')}.`);
  }
  const isFull = !options.quick && only === undefined && options.from === undefined;
  return { ...options, profile: values.profile, from: values.from, ids, write: options.write || isFull };
}

function allIds(): string[] {
  return FAMILIES.flatMap(({ plans }) => plans.map(({ id }) => id));
}
