import type { Stage } from '../../processes/stage.ts';
import type { Rounds } from '../load/rounds.ts';
import type { Contestants } from '../peers/contestants.ts';
import type { Row, RowPlan } from './row.ts';

/** How thoroughly is measured. */
export interface Plan {
  /** The rounds of whatever is measured in rounds. */
  rounds: Rounds;
  /** The rounds of what is measured when `hurryAfterMs` have gone. */
  hurriedRounds: Rounds;
  /** After how much of the run there is no more time for all rounds, in milliseconds. */
  hurryAfterMs: number;
  /** How long a contestant is under load in a round, in milliseconds. */
  loadMs: number;
  /** How long it is before the first round, in milliseconds. */
  warmUpMs: number;
  /** How many broadcasts a round has. */
  broadcasts: number;
  /** How often a process is started whose start, or whose memory, is measured. */
  starts: number;
}

/** The plan of a whole run. */
export const FULL: Plan = {
  rounds: { count: 7 },
  hurriedRounds: { count: 7 },
  hurryAfterMs: Number.POSITIVE_INFINITY,
  loadMs: 2000,
  warmUpMs: 3000,
  broadcasts: 100,
  starts: 7,
};

/** The plan of a quick one: everything, in under 50 s on two cores, also where they are slow. */
export const QUICK: Plan = {
  rounds: { count: 3, withinMs: 6000 },
  hurriedRounds: { count: 1 },
  hurryAfterMs: 25_000,
  loadMs: 250,
  warmUpMs: 500,
  broadcasts: 10,
  starts: 2,
};

/** What rows are measured with. */
export interface Bench {
  stage: Stage;
  contestants: Contestants;
  plan: Plan;
  /** The rounds for what is measured now. */
  rounds: () => Rounds;
  /** Whether time is short: what is missing is neither installed nor built. */
  quick: boolean;
  /** Tells whoever waits what is being done. */
  tell: (what: string) => void;
  /** Notes what could not be measured, and why. */
  skip: (what: string, why: string) => void;
}

/** Rows that are measured together. */
export interface RowFamily {
  /** The rows that it can measure. */
  plans: readonly RowPlan[];
  /**
   * Measures those of them whose ids are `wanted`; a row that cannot be measured here is left out, and skipped by
   * name.
   */
  measure(wanted: ReadonlySet<string>, bench: Bench): Promise<Row[]>;
}
