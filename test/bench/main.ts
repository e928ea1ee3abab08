import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Stage } from '../processes/stage.ts';
import { toJson } from '../report/to-json.ts';
import { measure } from './measure.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { toMarkdown } from './report/markdown.ts';
import { missedRows } from './report/missed.ts';
import type { Report } from './report/report.ts';
import { toSvg } from './report/svg.ts';
import { toTable } from './report/table.ts';

// The benchmark as a process: see USAGE. It ends with 1 where --assert finds a row that misses, with 2 where it cannot measure.
const DOCS = resolve(import.meta.dirname, '../../docs');
/** Processes that run the same code compile it once. */
const COMPILE_CACHE = resolve(import.meta.dirname, '../../.tools/compile-cache');
const begun = performance.now();

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(USAGE);
  else tell(options, options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : await run(options));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exit(2);
}

async function run({ ids, quick, profile }: Options): Promise<Report> {
  const stage = new Stage({
    root: import.meta.dirname,
    env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: COMPILE_CACHE },
    profile,
  });
  process.once('exit', () => stage.kill());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(2));
  return measure({
    ids,
    quick,
    stage,
    path: process.env.PATH ?? '',
    node: process.version,
    tell: (what) =>
      process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${what}\n`),
  });
}

function tell({ json, assert, write }: Options, report: Report): void {
  process.stdout.write(`${json ? toJson(report) : toTable(report)}\n`);
  if (write) {
    const findings = readFileSync(resolve(import.meta.dirname, 'findings.md'), 'utf8');
    writeFileSync(resolve(DOCS, 'performance.md'), toMarkdown(report, findings));
    writeFileSync(resolve(DOCS, 'performance.svg'), toSvg(report));
  }
  if (!assert) return;
  const missed = missedRows(report);
  for (const line of missed) process.stderr.write(`${line}\n`);
  if (missed.length > 0) process.exitCode = 1;
}
