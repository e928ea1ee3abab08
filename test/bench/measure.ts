import type { Stage } from '../processes/stage.ts';
import { type Skipped, thisMachine } from '../report/machine.ts';
import { Contestants } from './peers/contestants.ts';
import type { Report } from './report/report.ts';
import { FULL, QUICK } from './rows/bench.ts';
import { FAMILIES } from './rows/families.ts';
import type { Row } from './rows/row.ts';

/** How a run is done. */
export interface MeasureOptions {
  /** The ids of the rows to measure. */
  ids: ReadonlySet<string>;
  /** Few and short rounds; what is absent is neither installed nor built. */
  quick: boolean;
  /** Where the processes run. */
  stage: Stage;
  /** The PATH on which tools are looked for. */
  path: string;
  /** The version of Node. */
  node: string;
  /** Tells whoever waits what is being done. */
  tell: (what: string) => void;
}

/** Measures the rows that are asked for. Fails where a process dies, hangs, or answers wrongly. */
export async function measure({ ids, quick, stage, path, node, tell }: MeasureOptions): Promise<Report> {
  const rows: Row[] = [];
  const skipped: Skipped[] = [];
  const begun = performance.now();
  const plan = quick ? QUICK : FULL;
  const bench = {
    stage,
    quick,
    contestants: new Contestants({ stage, path, install: !quick }),
    plan,
    rounds: () => (performance.now() - begun > plan.hurryAfterMs ? plan.hurriedRounds : plan.rounds),
    tell,
    skip: (id: string, why: string) => void skipped.push({ id, why }),
  };
  for (const family of FAMILIES) {
    const wanted = new Set(family.plans.map(({ id }) => id).filter((id) => ids.has(id)));
    if (wanted.size > 0) rows.push(...(await family.measure(wanted, bench)));
  }
  await stage.close();
  return { machine: thisMachine({ node, quick }), rows, skipped };
}
