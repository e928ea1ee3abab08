import type { Need } from './needs.ts';
import type { Visit } from './visit.ts';

/** One rule of the contract, and how an agent is held against it. */
export interface Check {
  /** Its name: the subject, a dot, and what of it (`link.half-close`). */
  readonly id: string;
  /** What the contract says, in one sentence. */
  readonly rule: string;
  /** What has to be there for it: without, the check is skipped. Default: nothing but the agent. */
  readonly needs?: readonly Need[];
  /**
   * Holds the agent against the rule, and answers what was seen. Throws where it does not keep the rule: see
   * `breach`.
   */
  run(visit: Visit): Promise<string>;
}

/** How a check ended. */
export type Verdict = 'pass' | 'fail' | 'skipped';

/** What a check found. */
export interface Outcome {
  readonly id: string;
  readonly rule: string;
  readonly verdict: Verdict;
  /** What was seen; of a check that was skipped, why. */
  readonly seen: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}
