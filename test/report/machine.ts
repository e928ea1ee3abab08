import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';

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
  /** Whether by `--quick`. */
  quick: boolean;
}

/** A row of a report that could not be had, and why. */
export interface Skipped {
  id: string;
  why: string;
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

/** The machine in a sentence. `thoroughness`: what it is said to have been measured with after `--quick`. */
export function machineText(
  { cpu, cores, memoryGiB, os, node, at, quick }: Machine,
  thoroughness: string,
): string {
  const how = quick ? `, with ${thoroughness} of \`--quick\`` : '';
  return `Measured on ${cores} cores (${cpu}), ${memoryGiB} GiB, ${os}, Node ${node}, on ${at.slice(0, 10)}${how}.`;
}
