import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { thisMachine } from '../report/machine.ts';
import { runSuite } from '../report/suite.ts';
import { readOptions, USAGE } from './options.ts';
import { toMarkdown } from './report/markdown.ts';
import { missedRows } from './report/missed.ts';
import { toTable } from './report/table.ts';
import { ROWS } from './rows/rows.ts';
import { runRows } from './run-rows.ts';

/** How many rows run side by side: they mostly wait, and what they measure is far above what two processors take. */
const SIDE_BY_SIDE = 4;

// The fault suite as a process: see USAGE.
await runSuite({
  name: 'chaos',
  usage: USAGE,
  readOptions,
  measure: async ({ ids, quick }, surroundings) => {
    const rows = ROWS.filter(({ id }) => ids.has(id));
    const ran = await runRows(rows, { ...surroundings, quick, sideBySide: SIDE_BY_SIDE });
    return { machine: thisMachine({ node: process.version, quick }), ...ran };
  },
  toTable,
  toDocuments: (report) => {
    const findings = readFileSync(resolve(import.meta.dirname, 'findings.md'), 'utf8');
    return { 'reliability.md': toMarkdown(report, findings) };
  },
  missedRows,
});
