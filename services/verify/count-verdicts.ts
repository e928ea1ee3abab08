import type { Outcome } from './check.ts';

/** How the checks of a run ended, counted. */
export interface VerdictCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts verdicts. */
export function countVerdicts(outcomes: readonly Pick<Outcome, 'verdict'>[]): VerdictCount {
  const count = (verdict: Outcome['verdict']) =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  return { passed: count('pass'), failed: count('fail'), skipped: count('skipped') };
}
