import type { Rounds } from '../load/rounds.ts';
import type { Contestants } from '../peers/contestants.ts';
import type { Stage } from '../process/stage.ts';
import type { Row, RowPlan } from './row.ts';

/** How thoroughly is measured. */
export interface Plan {
  /** The rounds of whatever is measured in rounds. */
  rounds: Rounds;
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
  loadMs: 2000,
  warmUpMs: 3000,
  broadcasts: 100,
  starts: 7,
};

/** The plan of a quick one: everything, in under 50 s on two cores. */
export const QUICK: Plan = {
  rounds: { count: 3, withinMs: 4000 },
  loadMs: 300,
  warmUpMs: 300,
  broadcasts: 20,
  starts: 2,
};

/** What rows are measured with. */
export interface Bench {
  stage: Stage;
  contestants: Contestants;
  plan: Plan;
  /** Tells whoever waits what is being done. */
  tell: (what: string) => void;
  /** Notes what could not be measured, and why. */
  skip: (what: string, why: string) => void;
}

/** Rows that are measured together. */
export interface RowFamily {
  /** The rows that it can measure. */
  plans: readonly RowPlan[];
  /** Measures those of them whose ids are `wanted`; a row that cannot be measured here is left out, and skipped by name. */
  measure(wanted: ReadonlySet<string>, bench: Bench): Promise<Row[]>;
}
