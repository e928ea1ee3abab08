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
  const lines = [HEADINGS, ...cells];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [...text, ...skipped.map(({ id, why }) => `${id} skipped: ${why}`)].join('\n');
}
