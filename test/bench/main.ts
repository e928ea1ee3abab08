import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Stage } from '../processes/stage.ts';
import { runSuite } from '../report/suite.ts';
import { measure } from './measure.ts';
import { readOptions, USAGE } from './options.ts';
import { toMarkdown } from './report/markdown.ts';
import { missedRows } from './report/missed.ts';
import { toSvg } from './report/svg.ts';
import { toTable } from './report/table.ts';

// The benchmark as a process: see USAGE.
await runSuite({
  name: 'bench',
  usage: USAGE,
  readOptions,
  measure: ({ ids, quick, texts }, { env, staged, tell }) => {
    const stage = new Stage({ root: import.meta.dirname, env, profile: texts.profile });
    staged(stage);
    return measure({ ids, quick, stage, path: process.env.PATH ?? '', node: process.version, tell });
  },
  toTable,
  toDocuments: (report) => {
    const findings = readFileSync(resolve(import.meta.dirname, 'findings.md'), 'utf8');
    return { 'performance.md': toMarkdown(report, findings), 'performance.svg': toSvg(report) };
  },
  missedRows,
});
