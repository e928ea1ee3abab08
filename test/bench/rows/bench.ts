import type { Rounds } from '../load/rounds.ts';
import type { Contestants } from '../peers/contestants.ts';
import type { Stage } from '../process/stage.ts';

/** How thoroughly is measured. */
export interface Plan {
  /** The rounds of tasks under load. */
  rounds: Rounds;
}

/** The plan of a whole run. */
export const FULL: Plan = { rounds: { count: 7, durationMs: 2000, warmUpMs: 3000 } };

/** The plan of a quick one: everything once more than once, in under 50 s on two cores. */
export const QUICK: Plan = { rounds: { count: 3, durationMs: 500, warmUpMs: 700 } };

/** What a row is measured with. */
export interface Bench {
  stage: Stage;
  contestants: Contestants;
  plan: Plan;
  /** Tells whoever waits what is being done. */
  tell: (what: string) => void;
  /** Notes what could not be measured, and why. */
  skip: (what: string, why: string) => void;
}
