import { expect, it } from 'vitest';
import { heldTo } from './bounds.ts';

const p99 = (figure: number) => ({ name: 'p99Ms', what: 'p99', figure, unit: 'ms', most: 50 });
const goodput = (figure: number) => ({ name: 'goodput', what: 'goodput', figure, unit: '%', least: 90 });

it('a row is met where every figure is within its bound, and the bound itself is', () => {
  expect(heldTo([p99(50), goodput(90)], { calls: 7 })).toEqual({
    seen: 'p99: 50 ms; goodput: 90 %',
    figures: { p99Ms: 50, goodput: 90, calls: 7 },
    met: true,
  });
});

it.each([
  [[p99(51), goodput(90)], 'p99: 51 ms (missed: ≤ 50 ms); goodput: 90 %'],
  [[p99(50), goodput(89)], 'p99: 50 ms; goodput: 89 % (missed: ≥ 90 %)'],
  [[p99(Number.NaN)], 'p99: – ms (missed: ≤ 50 ms)'],
  [[p99(Number.POSITIVE_INFINITY)], 'p99: – ms (missed: ≤ 50 ms)'],
  [[goodput(Number.NaN)], 'goodput: – % (missed: ≥ 90 %)'],
])('a row misses where one is not, and says which: %j', (bounds, seen) => {
  expect(heldTo(bounds)).toMatchObject({ seen, met: false });
});

it('counts have no unit', () => {
  const failed = { name: 'failed', what: 'calls failed', figure: 3, most: 0 };
  expect(heldTo([failed]).seen).toBe('calls failed: 3 (missed: ≤ 0)');
});

it('a figure below zero is told without its sign, in words of its own where it has some', () => {
  const late = (figure: number) => ({
    name: 'lateMs',
    what: 'late by at most',
    whatBelow: 'early by at least',
    figure,
    unit: 'ms',
    most: 50,
  });
  expect(heldTo([late(20), late(-1670)])).toMatchObject({
    seen: 'late by at most: 20 ms; early by at least: 1,670 ms',
    figures: { lateMs: -1670 },
    met: true,
  });
});
