import { figureText } from '../../report/figure-text.ts';
import type { Row } from '../rows/row.ts';

/** The value of a row, with its unit and, in parentheses, the least and the greatest of the rounds. */
export function valueText({ value, spread: [least, greatest], unit }: Row): string {
  return `${figureText(value)} ${unit} (${figureText(least)}–${figureText(greatest)})`;
}

/** What a row is compared with; empty where that is nothing. */
export function baselineText({ baseline, baselineName, unit }: Row): string {
  return baseline === null ? '' : `${baselineName}: ${figureText(baseline)} ${unit}`;
}

/** The ratio of a row; empty where it has none. */
export function ratioText({ ratio }: Row): string {
  return ratio === null ? '' : `${figureText(ratio)} ×`;
}

/** A bound of a row, `≥ 5 ×` or `≤ 15 ms`; empty where it has none. */
export function boundText(row: Row, bound: 'must' | 'aim'): string {
  const figure = row[bound];
  if (figure === null) return '';
  return `${row.better === 'higher' ? '≥' : '≤'} ${figureText(figure)} ${row.of === 'ratio' ? '×' : row.unit}`;
}

/** How a row stands to its bounds: the aim reached, what it must reached, missed, or only reported. */
export function verdictText({ met, aimMet }: Row): string {
  if (met === false) return 'missed';
  if (aimMet) return 'aim met';
  if (met) return 'met';
  return aimMet === false ? 'below aim' : 'reported';
}
