import { parseArgs } from 'node:util';
import { ROWS } from './rows/rows.ts';

/** What the fault suite is asked for. */
export interface Options {
  /** Print the report as one JSON object, and nothing else, to standard output. */
  json: boolean;
  /** Each fault once or a few times and for a short while, in under 50 s. */
  quick: boolean;
  /** Fail where a row misses what it must. */
  assert: boolean;
  /** The ids of the rows to run: all, or those of `--only`. */
  ids: ReadonlySet<string>;
  /** Write docs/reliability.md. */
  write: boolean;
  /** A report of an earlier run (`--json`) to read in place of running. */
  from: string | undefined;
  help: boolean;
}

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
  return { ...options, from: values.from, ids, write: options.write || isFull };
}

function allIds(): string[] {
  return ROWS.map(({ id }) => id);
}
