import { textTable } from '../../report/text-table.ts';
import { baselineText, boundText, ratioText, valueText, verdictText } from './figures.ts';
import type { Report } from './report.ts';

const HEADINGS = ['row', 'figure (spread)', 'compared with', 'ratio', 'must', 'aim', 'verdict'];

/** The report as a table for a terminal. */
export function toTable({ rows, skipped }: Report): string {
  const cells = rows.map((row) => [
    row.id,
    valueText(row),
    baselineText(row),
    ratioText(row),
    boundText(row, 'must'),
    boundText(row, 'aim'),
    verdictText(row),
  ]);
  return [textTable(HEADINGS, cells), ...skipped.map(({ id, why }) => `${id} skipped: ${why}`)].join('\n');
}
