import { parseArgs } from 'node:util';

/** What a suite is asked for. */
export interface SuiteOptions {
  /** Print the report as one JSON object, and nothing else, to standard output. */
  json: boolean;
  /** Few and short rounds, in under 50 s. */
  quick: boolean;
  /** Fail where a row misses what it must. */
  assert: boolean;
  /** The ids of the rows to measure: all, or those of `--only`. */
  ids: ReadonlySet<string>;
  /** Write the documents: after a full run, or on `--write`. */
  write: boolean;
  /** A report of an earlier run (`--json`) to read in place of measuring. */
  from: string | undefined;
  help: boolean;
  /** The options that take a text and that this suite alone has, by name. */
  texts: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the command line of a suite with the rows `allIds`. Throws, saying what is wrong, where it cannot be
 * understood.
 */
export function readSuiteOptions(
  args: readonly string[],
  allIds: readonly string[],
  textNames: readonly string[] = [],
): SuiteOptions {
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
      ...Object.fromEntries(textNames.map((name) => [name, { type: 'string' as const }])),
    },
  });
  const { json, quick, assert, only, write, from, help, ...texts } = values;
  const ids = new Set(only?.split(',') ?? allIds);
  const unknown = [...ids].filter((id) => !allIds.includes(id));
  if (unknown.length > 0) {
    throw new Error(`There is no row ${unknown.join(', ')}. Those that there are: ${allIds.join(', ')}.`);
  }
  const isFull = !quick && only === undefined && from === undefined;
  return { json, quick, assert, ids, write: write || isFull, from, help, texts };
}
