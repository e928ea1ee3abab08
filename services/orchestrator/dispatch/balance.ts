/** Chooses one of several instances that could all do a task. */
export interface Balancer<T> {
  /** One of `candidates`, which are at least one. */
  pick(candidates: readonly T[]): T;
}

/**
 * Each in its turn. Every array of candidates has turns of its own, so that tasks of one kind do not skip
 * those of another.
 */
export function roundRobin<T extends object>(): Balancer<T> {
  const turns = new WeakMap<readonly T[], number>();
  return {
    pick(candidates) {
      const turn = turns.get(candidates) ?? 0;
      turns.set(candidates, (turn + 1) % Number.MAX_SAFE_INTEGER);
      return candidates[turn % candidates.length]!;
    },
  };
}
