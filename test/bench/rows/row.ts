import type { Figure } from '../../report/statistics.ts';
import type { Load } from '../load/closed-loop.ts';
import type { Summary } from '../load/contestant.ts';

/** What a row is held to. Bounds are included. */
export interface Bounds {
  /** What the bounds are for: the value itself, or its ratio to the baseline. Default: the ratio. */
  of?: 'value' | 'ratio';
  /** Whether more is better or less. Default: `higher`. */
  better?: 'higher' | 'lower';
  /** What it has to reach. Default: nothing, the row is only reported. */
  must?: number;
  /** What it would like to reach. */
  aim?: number;
}

/** What is measured, before it was. */
export interface RowPlan extends Bounds {
  /** Its name for machines and for `--only`. */
  id: string;
  /** Its name for people. */
  title: string;
  /** The unit of its value and its baseline. */
  unit: string;
}

/** What was measured, with what it is compared with. */
export interface Measured extends Figure {
  /** What it is compared with, and what that is called. */
  against?: Figure & { name: string };
  /** The load that contestants were put under. */
  load?: Load;
  /** What those contestants did and used, by what people call them. */
  contestants?: Readonly<Record<string, Summary>>;
  /** Other figures that were seen on the way. */
  detail?: Readonly<Record<string, Figure>>;
}

/** A row of the report. */
export interface Row {
  id: string;
  title: string;
  unit: string;
  value: number;
  spread: readonly [number, number];
  /** The value of what it is compared with; null where it is compared with nothing. */
  baseline: number | null;
  baselineSpread: readonly [number, number] | null;
  baselineName: string | null;
  /** Value through baseline. */
  ratio: number | null;
  /** What `must` and `aim` are for, and which way is better. */
  of: 'value' | 'ratio';
  better: 'higher' | 'lower';
  must: number | null;
  aim: number | null;
  /** Whether it reaches what it must; null where there is no such bound. */
  met: boolean | null;
  /** Whether it reaches its aim; null where it has none. */
  aimMet: boolean | null;
  /** The load that contestants were put under, and what each of them did and used; null where there was none. */
  load: Load | null;
  contestants: Readonly<Record<string, Summary>> | null;
  /** Other figures that were seen on the way. */
  detail: Readonly<Record<string, Figure>>;
}

/** The row of what was measured, held to its bounds. */
export function rowOf(plan: RowPlan, measured: Measured): Row {
  const { value, spread, against } = measured;
  const { id, title, unit, better = 'higher', must, aim } = plan;
  const of = plan.of ?? 'ratio';
  const ratio = against ? value / against.value : null;
  const judged = of === 'ratio' ? ratio : value;
  const reaches = (bound: number | undefined) => {
    if (bound === undefined) return null;
    // A figure that is none reaches nothing.
    return judged !== null && (better === 'higher' ? judged >= bound : judged <= bound);
  };
  return {
    id,
    title,
    unit,
    value,
    spread,
    baseline: against?.value ?? null,
    baselineSpread: against?.spread ?? null,
    baselineName: against?.name ?? null,
    ratio,
    of,
    better,
    must: must ?? null,
    aim: aim ?? null,
    met: reaches(must),
    aimMet: reaches(aim),
    load: measured.load ?? null,
    contestants: measured.contestants ?? null,
    detail: measured.detail ?? {},
  };
}
