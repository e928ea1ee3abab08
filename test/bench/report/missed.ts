import { figureText } from '../../report/figure-text.ts';
import { boundText, ratioText, valueText } from './figures.ts';
import type { Report } from './report.ts';

/** One line for each row that does not reach what it must, with its figure. */
export function missedRows({ rows }: Report): string[] {
  return rows
    .filter(({ met }) => met === false)
    .map((row) => {
      const figure = row.of === 'ratio' ? `${ratioText(row)} ${row.baselineName}` : valueText(row);
      return `${row.id} missed: ${figure}, and ${boundText(row, 'must')} is a must. ${row.title}: ${figureText(row.value)} ${row.unit}.`;
    });
}
