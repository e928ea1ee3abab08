import type { Report } from './report.ts';

/** One line for each row that does not hold what it must, with what was seen. */
export function missedRows({ rows }: Report): string[] {
  return rows
    .filter(({ met }) => !met)
    .map(({ id, fault, must, seen }) => `${id} missed (${fault}). It must: ${must}. Seen: ${seen}.`);
}
