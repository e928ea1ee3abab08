import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Stage } from '../processes/stage.ts';
import { thisMachine } from '../report/machine.ts';
import { toJson } from '../report/to-json.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { toMarkdown } from './report/markdown.ts';
import { missedRows } from './report/missed.ts';
import type { Report } from './report/report.ts';
import { toTable } from './report/table.ts';
import { ROWS } from './rows/rows.ts';
import { runRows } from './run-rows.ts';

// The fault suite as a process: see USAGE. It ends with 1 where --assert finds a row that misses, with 2 where it cannot run.
const DOCS = resolve(import.meta.dirname, '../../docs');
/** Processes that run the same code compile it once. */
const COMPILE_CACHE = resolve(import.meta.dirname, '../../.tools/compile-cache');
/** How many rows run side by side: they mostly wait, and what they measure is far above what two processors take. */
const SIDE_BY_SIDE = 4;
const begun = performance.now();

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(USAGE);
  else tell(options, options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : await run(options));
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : error}\n`);
  process.exit(2);
}

async function run({ ids, quick }: Options): Promise<Report> {
  const stages: Stage[] = [];
  process.once('exit', () => stages.forEach((stage) => void stage.kill()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(2));
  const ran = await runRows(
    ROWS.filter(({ id }) => ids.has(id)),
    {
      quick,
      env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: COMPILE_CACHE },
      sideBySide: SIDE_BY_SIDE,
      staged: (stage) => void stages.push(stage),
      tell: (what) =>
        process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${what}\n`),
    },
  );
  return { machine: thisMachine({ node: process.version, quick }), ...ran };
}

function tell({ json, assert, write }: Options, report: Report): void {
  process.stdout.write(`${json ? toJson(report) : toTable(report)}\n`);
  if (write) {
    const findings = readFileSync(resolve(import.meta.dirname, 'findings.md'), 'utf8');
    writeFileSync(resolve(DOCS, 'reliability.md'), toMarkdown(report, findings));
  }
  if (!assert) return;
  const missed = missedRows(report);
  for (const line of missed) process.stderr.write(`${line}\n`);
  if (missed.length > 0) process.exitCode = 1;
}
