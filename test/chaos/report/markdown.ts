import { figureText } from '../../report/figure-text.ts';
import { machineText } from '../../report/machine.ts';
import { markdownTable } from '../../report/markdown-table.ts';
import type { Report } from './report.ts';

/** The report as docs/reliability.md: `findings` is the part that is written by hand. */
export function toMarkdown({ machine, rows, skipped }: Report, findings: string): string {
  const table = markdownTable(
    ['', 'fault', 'must', 'seen', ''],
    rows.map(({ id, title, fault, must, seen, met }) => [
      `${title}<br>\`${id}\``,
      fault,
      must,
      seen,
      met ? 'met' : '**missed**',
    ]),
  );
  const absent = skipped.map(({ id, why }) => `- \`${id}\`: ${why}`);
  const stalledMs = Math.max(0, ...rows.map((row) => row.stalledMs));
  return `# Reliability

<!-- Written by \`npm run chaos\`. What is said by hand stands in test/chaos/findings.md. -->

Nothing hangs, and nothing is lost silently: these are the faults that were put into a mesh of real processes, and what its callers saw
of them, in one run of \`npm run chaos\`. The defaults of every knob, and where they come from, are in
[reliability-knobs.md](reliability-knobs.md).

${machineText(machine, 'the few short faults')}

## Figures

${table}

The longest that this machine kept a thread that does nothing from running, meanwhile: ${figureText(stalledMs)} ms. By up to so much a latency may be too long through no
fault of the mesh.
${absent.length > 0 ? `\nNot run here:\n\n${absent.join('\n')}\n` : ''}
${findings.trim()}
`;
}
