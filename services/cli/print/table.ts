import { printable } from './printable.ts';
import type { Printer, Style } from './printer.ts';

/** A cell: its text, and where it has one its style. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Rows below a head, each column as wide as its widest cell. */
export function table(printer: Printer, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((cells) => textOf(cells[column] ?? '').length)),
  );
  const heads = head.map((text) => ({ text, style: 'dim' as const }));
  return [heads, ...rows].map((cells) => row(printer, cells, widths)).join('\n');
}

/** One row with columns of the given widths, or wider where a cell is; for rows that come one by one. */
export function row(printer: Printer, cells: readonly Cell[], widths: readonly number[]): string {
  // Nothing is padded that nothing follows, so that no line ends in spaces.
  const last = cells.findLastIndex((cell) => textOf(cell) !== '');
  const shown = cells.slice(0, last + 1).map((cell, column) => {
    const text = textOf(cell);
    const padding = column === last ? '' : ' '.repeat(Math.max(0, (widths[column] ?? 0) - text.length));
    return `${typeof cell === 'string' ? text : printer.paint(cell.style, text)}${padding}`;
  });
  return shown.join('  ');
}

function textOf(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell.text);
}
