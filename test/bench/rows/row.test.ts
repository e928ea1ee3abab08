import { describe, expect, it } from 'vitest';
import { FAMILIES } from './families.ts';
import { type RowPlan, rowOf } from './row.ts';

const plan: RowPlan = { id: 'row', title: 'A row', unit: 'calls/s' };
const value = (figure: number) => ({ value: figure, spread: [figure, figure] as const });

describe('a row', () => {
  it.each([
    ['higher', 10, 2, 5, true],
    ['higher', 9, 2, 5, false],
    ['lower', 10, 2, 5, true],
    ['lower', 11, 2, 5, false],
  ] as const)('whose ratio is to be %s: %d against %d is held to %d ×', (better, own, other, must, met) => {
    const row = rowOf(
      { ...plan, better, must },
      { ...value(own), against: { name: 'other', ...value(other) } },
    );
    expect(row).toMatchObject({
      value: own,
      baseline: other,
      baselineName: 'other',
      ratio: own / other,
      met,
    });
  });

  it.each([
    [15, true, false],
    [5, true, true],
    [16, false, false],
  ])('whose value %d is to be at most 15, and would be at most 5', (own, met, aimMet) => {
    const row = rowOf({ ...plan, of: 'value', better: 'lower', must: 15, aim: 5 }, value(own));
    expect(row).toMatchObject({ met, aimMet, baseline: null, ratio: null });
  });

  it('without bounds is only reported', () => {
    expect(rowOf(plan, value(1))).toMatchObject({ must: null, aim: null, met: null, aimMet: null });
  });

  it.each(['higher', 'lower'] as const)('without a figure does not meet what is to be %s', (better) => {
    expect(rowOf({ ...plan, of: 'value', better, must: 1 }, value(Number.NaN)).met).toBe(false);
  });

  it('has an id of its own', () => {
    const ids = FAMILIES.flatMap(({ plans }) => plans.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
