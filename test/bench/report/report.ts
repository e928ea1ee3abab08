import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { Row } from '../rows/row.ts';

/** Where a report was made, and how. */
export interface Machine {
  /** The processor's model. */
  cpu: string;
  cores: number;
  memoryGiB: number;
  os: string;
  node: string;
  /** When, by the wall clock, ISO 8601. */
  at: string;
  /** Whether by `--quick`: few and short rounds. */
  quick: boolean;
}

/** A row that could not be measured. */
export interface Skipped {
  id: string;
  why: string;
}

/** All that a run of the benchmark tells. */
export interface Report {
  machine: Machine;
  rows: Row[];
  skipped: Skipped[];
}

/** This machine, now. */
export function thisMachine({ node, quick }: Pick<Machine, 'node' | 'quick'>): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()} ${arch()}`,
    node,
    at: new Date().toISOString(),
    quick,
  };
}

/** The report as one JSON object, its figures to six digits. */
export function toJson(report: Report): string {
  return JSON.stringify(report, (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
  );
}
