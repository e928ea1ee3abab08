import type { Stage } from '../processes/stage.ts';

/** What a row of the suite runs with. */
export interface RowContext {
  /** Whether time is short: a row has about 3 s, and injects its fault once or a few times. */
  quick: boolean;
  /** Tells whoever waits what is being done. */
  log: (what: string) => void;
  /** Where its processes run: `stage.start('mesh/agent-role.ts', options)`. They are ended when the row has. */
  stage: Stage;
}

/** What was seen of a row. */
export interface Seen {
  /** The figures that decide, for people, the one that decides most first. */
  seen: string;
  /** All figures, for machines. */
  figures: Readonly<Record<string, number>>;
  /** Whether every bound was held. */
  met: boolean;
}

/** What became of a row: what was seen, or why there was nothing to see. */
export type Outcome = Seen | { skipped: string };

/** A fault, and what must be seen of the mesh while it lasts and after. */
export interface Row {
  /** Its name for machines and for `--only`. */
  id: string;
  /** Its name for people. */
  title: string;
  /** What is done to the mesh. */
  fault: string;
  /** What is done to it where time is short. Default: the same. */
  quickFault?: string;
  /** What must be seen, for people; the bounds stand in `run`. */
  must: string;
  /**
   * Whether nothing else may run meanwhile: it loads the processors, or what decides is a latency of a few
   * milliseconds. Default: others may.
   */
  alone?: boolean;
  /** Injects the fault into real processes, and tells what was seen. Fails where it cannot tell. */
  run(context: RowContext): Promise<Outcome>;
}
