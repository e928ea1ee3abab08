import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Stage } from '../processes/stage.ts';
import type { SuiteOptions } from './suite-options.ts';
import { toJson } from './to-json.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a suite measures in. */
export interface Surroundings {
  /** The environment of every process that it starts. */
  env: NodeJS.ProcessEnv;
  /** Is told every stage, which ends with the suite, however that ends. */
  staged: (stage: Stage) => void;
  /** Tells whoever waits what is being done. */
  tell: (what: string) => void;
}

/** A program that measures rows, and reports what it has seen: the benchmark, the fault suite. */
export interface Suite<R extends object> {
  /** What it is run as: `bench`. */
  name: string;
  /** How to call it. */
  usage: string;
  /** Reads its command line; throws where that cannot be understood. */
  readOptions: (args: readonly string[]) => SuiteOptions;
  /** Measures the rows that are asked for. */
  measure: (options: SuiteOptions, surroundings: Surroundings) => Promise<R>;
  /** The report for a terminal. */
  toTable: (report: R) => string;
  /** What becomes of the report in the folder `docs`, by the names of the files. */
  toDocuments: (report: R) => Readonly<Record<string, string>>;
  /** One line for each row that misses what it must. */
  missedRows: (report: R) => string[];
}

/** Runs a suite as a process. It ends with 1 where --assert finds a row that misses, with 2 where it cannot measure. */
export async function runSuite<R extends object>(suite: Suite<R>): Promise<void> {
  try {
    const options = suite.readOptions(process.argv.slice(2));
    if (options.help) process.stdout.write(suite.usage);
    else tell(suite, options, options.from ? readReport<R>(options.from) : await measure(suite, options));
  } catch (error) {
    process.stderr.write(`${suite.name}: ${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

function readReport<R>(file: string): R {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function measure<R extends object>(suite: Suite<R>, options: SuiteOptions): Promise<R> {
  const stages: Stage[] = [];
  process.once('exit', () => stages.forEach((stage) => void stage.kill()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(2));
  const begun = performance.now();
  return suite.measure(options, {
    // Processes that run the same code compile it once.
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: resolve(ROOT, '.tools/compile-cache'),
    },
    staged: (stage) => void stages.push(stage),
    tell: (what) => {
      const seconds = ((performance.now() - begun) / 1000).toFixed(1).padStart(6);
      process.stderr.write(`${seconds} s  ${what}\n`);
    },
  });
}

function tell<R extends object>(suite: Suite<R>, { json, assert, write }: SuiteOptions, report: R): void {
  process.stdout.write(`${json ? toJson(report) : suite.toTable(report)}\n`);
  if (write) {
    for (const [name, text] of Object.entries(suite.toDocuments(report))) {
      writeFileSync(resolve(ROOT, 'docs', name), text);
    }
  }
  if (!assert) return;
  const missed = suite.missedRows(report);
  for (const line of missed) process.stderr.write(`${line}\n`);
  if (missed.length > 0) process.exitCode = 1;
}
