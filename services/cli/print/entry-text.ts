import type { Entry, EntryChange } from '../../client/shared-state.ts';
import type { JsonObject } from '../../protocol/value.ts';
import { formatDuration } from '../input/duration.ts';
import type { Printer, Style } from './printer.ts';
import { progressText } from './progress-text.ts';
import { type Cell, row, table } from './table.ts';

/** The narrowest that a value is cut to, on a terminal whose other columns leave no room. */
const MIN_VALUE_WIDTH = 20;

/**
 * An entry as JSON: its revision as text, as it may be too large for a number; what it has left to live in
 * milliseconds.
 */
export function entryJson({ key, value, revision, ttlMs }: Entry): JsonObject {
  return { key, value, revision: String(revision), ...(ttlMs !== undefined && { ttlMs: Math.round(ttlMs) }) };
}

/** Entries below one another; on a terminal a value is cut to what room is left. */
export function entryTable(entries: readonly Entry[], printer: Printer): string {
  const keys = Math.max(...entries.map(({ key }) => key.length));
  const room = printer.live
    ? Math.max(MIN_VALUE_WIDTH, printer.columns - keys - 32)
    : Number.POSITIVE_INFINITY;
  const rows = entries.map(({ key, value, revision, ttlMs }): Cell[] => [
    { text: key, style: 'bold' },
    String(revision),
    ttlMs === undefined ? '-' : formatDuration(ttlMs),
    progressText(value, room),
  ]);
  return table(printer, ['KEY', 'REVISION', 'TTL', 'VALUE'], rows);
}

const STYLES: Readonly<Record<EntryChange['type'], Style>> = {
  set: 'green',
  deleted: 'red',
  expired: 'yellow',
};

/** How wide a revision, a kind of change and a key usually are. */
const WIDTHS = [16, 7, 24];

/** A change on one line. */
export function entryRow({ type, key, value, revision }: EntryChange, printer: Printer): string {
  const cells: Cell[] = [{ text: String(revision), style: 'dim' }, { text: type, style: STYLES[type] }, key];
  return row(printer, type === 'set' ? [...cells, progressText(value, 1000)] : cells, WIDTHS);
}
