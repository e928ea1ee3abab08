/** Why an instance may not be chosen at all: who routes says so, and the last one whoever chooses. */
export type Bar =
  /** It cannot be reached. */
  | 'OFFLINE'
  /** It is about to leave. */
  | 'DRAINING'
  /** It does not have the labels that the task asks for. */
  | 'LABELS'
  /** The task has been tried on it. */
  | 'ALREADY_TRIED'
  /** It failed too often of late, and is out until a probe succeeds. */
  | 'EJECTED'
  /** It has as many tasks in flight as it takes at once. */
  | 'AT_CAPACITY';

/** Why an instance was not chosen: the closed list that ExplainRoute tells. */
export type NotChosen =
  | Bar
  /** The task's affinity key belongs to another instance. */
  | 'AFFINITY'
  /** One more task on it costs more than on the one that was chosen. */
  | 'HIGHER_COST'
  /** It is new, and gets less than its full share yet. */
  | 'SLOW_START'
  /** It was not one of the two that chance had compared. */
  | 'NOT_DRAWN';

/** Why a candidate may not be chosen; nothing where it may. AT_CAPACITY need not be looked for. */
export type BarOf<T> = (candidate: T) => Bar | undefined;
