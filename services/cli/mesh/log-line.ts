import { clock } from '../print/clock.ts';
import { printable } from '../print/printable.ts';
import type { Printer, Style } from '../print/printer.ts';

const STYLES: Readonly<Record<string, Style>> = {
  trace: 'dim',
  debug: 'dim',
  info: 'dim',
  warn: 'yellow',
  error: 'red',
  fatal: ['red', 'bold'],
};

/** What is shown in a way of its own. */
const SHOWN = ['level', 'time', 'msg'];

/**
 * A line that a process wrote, as people read it: one that is a log in JSON as time, level, text and fields
 * (`12:00:01.123 info  announced lease=15s`), any other as it is. `name` is what it is labelled with.
 */
export function logLine(line: string, name: string, printer: Printer): string {
  const log = parse(line);
  if (!log) return printable(line);
  const fields = Object.entries(log)
    .filter(([field, value]) => !SHOWN.includes(field) && !isIn(value, name))
    .map(([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const level = printer.paint(STYLES[log.level] ?? 'dim', printable(log.level).padEnd(5));
  const time = printer.paint('dim', clock(new Date(log.time)));
  const shown = fields.length === 0 ? '' : printer.paint('dim', printable(fields.join(' ')));
  return [time, level, printable(log.msg), shown].filter((part) => part !== '').join(' ');
}

/** Whether a field says who writes, as the label does: `reader`, of which `reader-2` is an instance. */
function isIn(value: unknown, name: string): boolean {
  return value === name || value === name.replace(/-\d+$/, '');
}

interface Log {
  readonly level: string;
  /** ISO 8601. */
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function parse(line: string): Log | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    const log = JSON.parse(line);
    return [log.level, log.time, log.msg].every((part) => typeof part === 'string') ? log : undefined;
  } catch {
    return undefined;
  }
}
