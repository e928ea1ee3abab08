import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * A time on the command line, in milliseconds: a number and its unit (`500ms`, `1.5s`, `2m`, `1h`, `7d`), more than
 * zero. Anything else is commander's own error about an argument.
 */
export function parseDuration(text: string): number {
  const { number = '', unit = '' } =
    /^(?<number>\d{1,9}(?:\.\d{1,6})?)(?<unit>[a-z]*)$/.exec(text)?.groups ?? {};
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  const what = unit === '' && number !== '' ? `has no unit: ${number}s or ${number}ms?` : 'is no time.';
  throw new InvalidArgumentError(`"${text}" ${what} Write a number and ms, s, m, h or d: 500ms, 5s, 2m.`);
}

/** A time as people read it: `0.4 ms`, `87 ms`, `1.3 s`, `2 min 5 s`, `3 h 20 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return twoUnits(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 1440
    ? twoUnits(minutes, 60, 'h', 'min')
    : twoUnits(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoUnits(count: number, ratio: number, large: string, small: string): string {
  const rest = count % ratio;
  const whole = `${Math.floor(count / ratio)} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}
