/** Chooses one of several instances that could all do a task. */
export interface Balancer<T> {
  /** One of `candidates`, which are at least one. */
  pick(candidates: readonly T[]): T;
}

/** Each in its turn. */
export function roundRobin<T>(): Balancer<T> {
  let turn = 0;
  return {
    pick(candidates) {
      turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      return candidates[turn % candidates.length]!;
    },
  };
}
