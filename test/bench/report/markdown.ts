import { figureText } from '../../report/figure-text.ts';
import { machineText } from '../../report/machine.ts';
import { markdownTable } from '../../report/markdown-table.ts';
import { LOADS } from '../rows/task-row-plans.ts';
import { baselineText, boundText, ratioText, valueText, verdictText } from './figures.ts';
import type { Report } from './report.ts';
import { underLoad, wholeCpuUs } from './under-load.ts';

/** The report as docs/performance.md: `findings` is the part that is written by hand. */
export function toMarkdown(report: Report, findings: string): string {
  return `# Performance

<!-- Written by \`npm run bench\`. What is said by hand stands in test/bench/findings.md. -->

Being orchestrated costs nothing: a task that goes through the orchestrator over links is cheaper than a plain unary gRPC call straight to
the agent, and many at once are quicker. These are the figures of one run of \`npm run bench\`.

${machineText(report.machine, 'the few short rounds')}

![Calls per second and processor time per call of Troupe and its peers](performance.svg)

## Figures

Medians of interleaved rounds, in parentheses the least and the greatest round. A ratio is that of the medians.

${rowTable(report)}
${skippedText(report)}
## Who used what

Tasks of 128 bytes, 64 in flight. Processor time is user and system together, per call.

${loadTable(report)}

${findings.trim()}
`;
}

function rowTable({ rows }: Report): string {
  return markdownTable(
    ['', 'figure', 'compared with', 'ratio', 'must', 'aim', ''],
    rows.map((row) => [
      `${row.title}<br>\`${row.id}\``,
      valueText(row),
      baselineText(row),
      ratioText(row),
      boundText(row, 'must'),
      boundText(row, 'aim'),
      row.met === false ? '**missed**' : verdictText(row),
    ]),
  );
}

function skippedText({ skipped }: Report): string {
  if (skipped.length === 0) return '';
  return `\nNot measured here:\n\n${skipped.map(({ id, why }) => `- \`${id}\`: ${why}`).join('\n')}\n`;
}

function loadTable(report: Report): string {
  return markdownTable(
    ['', 'calls/s', 'p50', 'p99', 'CPU per call', 'of which', 'resident'],
    underLoad(report, LOADS.small64).map(([name, summary]) => {
      const processes = Object.entries(summary.processes);
      return [
        name,
        figureText(summary.callsPerSecond),
        `${figureText(summary.p50Ms)} ms`,
        `${figureText(summary.p99Ms)} ms`,
        `${figureText(wholeCpuUs(summary))} µs`,
        processes.map(([process, { cpuUsPerCall }]) => `${process} ${figureText(cpuUsPerCall)}`).join(', '),
        processes
          .map(([process, { rssMiB }]) => `${process} ${figureText(rssMiB)}`)
          .join(', ')
          .concat(' MiB'),
      ];
    }),
  );
}
