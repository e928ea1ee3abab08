import { Deadline } from '../../rpc/deadline.ts';

/**
 * How long a task that may be tried again waits for a lost instance to come back, where there is no other, in
 * milliseconds. Ours: one whose connection alone broke is dialled again after 0.05 to 0.1 s.
 */
const RETURN_MS = 1_000;

/** How often it looks whether one has, in milliseconds. */
const LOOK_MS = 50;

/** The time in which a task waits for an instance to come back, from its first look on. */
export class ReturnTime {
  #end: Deadline | undefined;

  /** In how many milliseconds to look again, never past the deadline; nothing where it has waited for long enough. */
  nextLookMs(deadline: Deadline): number | undefined {
    this.#end ??= Deadline.after(RETURN_MS).earliest(deadline);
    return this.#end.expired ? undefined : Math.min(LOOK_MS, this.#end.remainingMs);
  }
}
