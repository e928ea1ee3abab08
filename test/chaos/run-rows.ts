import { Stage } from '../processes/stage.ts';
import type { Skipped } from '../report/machine.ts';
import type { Surroundings } from '../report/suite.ts';
import type { ReportedRow } from './report/report.ts';
import type { Outcome, Row } from './row.ts';
import { StallMonitor } from './stalls/stall-monitor.ts';

/** How rows are run. */
export interface RunOptions extends Surroundings {
  /** Each fault once or a few times and for a short while. */
  quick: boolean;
  /** How many rows run side by side, of those that bear company. */
  sideBySide: number;
}

/** What came of some rows, in their own order. */
export interface RowsRun {
  rows: ReportedRow[];
  skipped: Skipped[];
}

/**
 * Runs rows: first those that bear company, several at a time, then each of those that need the machine to themselves.
 * A row that fails, in place of telling what it saw, is one that misses: its error stands where the figures would.
 */
export async function runRows(rows: readonly Row[], options: RunOptions): Promise<RowsRun> {
  const outcomes = new Map<Row, Ran>();
  const runNext = async (waiting: Row[]) => {
    for (let row = waiting.shift(); row; row = waiting.shift()) outcomes.set(row, await runRow(row, options));
  };
  const together = rows.filter(({ alone }) => !alone);
  await Promise.all(Array.from({ length: options.sideBySide }, () => runNext(together)));
  await runNext(rows.filter(({ alone }) => alone));

  const run: RowsRun = { rows: [], skipped: [] };
  for (const row of rows) {
    const { id, title, must } = row;
    const fault = faultOf(row, options);
    const { outcome, tookS, stalledMs } = outcomes.get(row)!;
    if ('skipped' in outcome) run.skipped.push({ id, why: outcome.skipped });
    else run.rows.push({ id, title, fault, must, ...outcome, tookS, stalledMs });
  }
  return run;
}

/** What is done to the mesh in this run. */
function faultOf({ fault, quickFault }: Row, { quick }: Pick<RunOptions, 'quick'>): string {
  return quick ? (quickFault ?? fault) : fault;
}

/** A row that was run. */
interface Ran extends Pick<ReportedRow, 'tookS' | 'stalledMs'> {
  outcome: Outcome;
}

async function runRow(row: Row, { quick, env, tell, staged }: RunOptions): Promise<Ran> {
  const begun = performance.now();
  const stalls = new StallMonitor();
  const log = (what: string) => tell(`${row.id}: ${what}`);
  const stage = new Stage({ root: import.meta.dirname, env });
  staged(stage);
  log(faultOf(row, { quick }));
  let outcome: Outcome;
  try {
    outcome = await row.run({ quick, log, stage });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    outcome = { seen: `the row itself failed: ${text}`, figures: {}, met: false };
  } finally {
    await stage.close();
  }
  const stalledMs = await stalls.stop();
  const tookS = (performance.now() - begun) / 1000;
  log(
    'skipped' in outcome
      ? `skipped: ${outcome.skipped}`
      : `${outcome.met ? 'met' : 'MISSED'}: ${outcome.seen}`,
  );
  return { outcome, tookS, stalledMs };
}
