import { stripVTControlCharacters } from 'node:util';
import { printable } from './printable.ts';
import type { Printer, Style } from './printer.ts';

/** A cell: its text, and where it has one its style. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Two spaces between columns. */
const GAP = '  ';

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
  const line = cells.map((cell, column) => {
    const text = textOf(cell);
    const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - text.length));
    return `${typeof cell === 'string' ? text : printer.paint(cell.style, text)}${padding}`;
  });
  const joined = line.join(GAP);
  // The last column needs no padding; with colours, trailing spaces stand after the last of them all the same.
  return stripVTControlCharacters(joined) === '' ? '' : joined.trimEnd();
}

function textOf(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell.text);
}
