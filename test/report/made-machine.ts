import type { Machine } from './machine.ts';

/** A machine that nobody measured on, for reports that are made up. */
export const MADE_MACHINE: Machine = {
  cpu: 'A processor',
  cores: 2,
  memoryGiB: 8,
  os: 'Linux',
  node: 'v24.0.0',
  at: '2026-01-02T03:04:05.000Z',
  quick: false,
};
