import { textTable } from '../../report/text-table.ts';
import type { Report } from './report.ts';

/** The report for a terminal: a table of verdicts, and what was seen of each row below it. */
export function toTable({ rows, skipped }: Report): string {
  const cells = rows.map(({ id, met, tookS, stalledMs, fault }) => [
    id,
    met ? 'met' : 'MISSED',
    `${tookS.toFixed(1)} s`,
    `${stalledMs.toFixed(0)} ms`,
    fault,
  ]);
  return [
    textTable(['row', 'verdict', 'took', 'machine stalled', 'fault'], cells),
    '',
    ...rows.flatMap(({ id, must, seen }) => [id, `  must  ${must}`, `  seen  ${seen}`]),
    ...skipped.map(({ id, why }) => `${id} skipped: ${why}`),
  ].join('\n');
}
