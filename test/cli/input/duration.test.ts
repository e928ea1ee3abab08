import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../services/cli/input/duration.ts';

describe('a time on the command line', () => {
  it.each([
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 's', '0s', '-5s', '5 s', '5sec', '1e3s', '1,5s', '5S', 'constructor', '5constructor'])(
    '%j is none',
    (text) => {
      expect(() => parseDuration(text)).toThrow(/500ms, 5s, 2m/);
    },
  );
});

describe('a time that people read', () => {
  it.each([
    [0.04, '0.0 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min'],
    [125_000, '2 min 5 s'],
    [3_599_600, '1 h'],
    [12_000_000, '3 h 20 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
