import { Admission, type Refusal } from '../policy/admission.ts';
import type { Ticket } from '../policy/fair-queue.ts';
import type { Random } from '../policy/random.ts';
import { troupeError } from '../protocol/reason.ts';
import { stoppedBy } from '../protocol/stopped.ts';
import type { TaskScope } from '../protocol/task-sink.ts';
import { pause } from '../rpc/pause.ts';
import type { RpcError } from '../rpc/rpc-error.ts';
import { Slots } from '../rpc/slots.ts';

/** What a waiting room is made of. */
export interface WaitingRoomOptions<T> {
  /** How many tasks are worked on at once; at least 1. */
  limit: number;
  /** How many more may wait. Default: 1,000; 0 refuses at once what cannot be worked on at once. */
  maxWaiting?: number | undefined;
  /** What errors say that they are about. */
  about: { agent: string };
  /** Begins the work on a task that has waited. It has to end with `ended`. */
  start: (task: T) => void;
  /** Told of a task that waited, and will not be worked on. */
  refuse: (task: T, error: RpcError) => void;
  /** The source of chance. Default: `Math.random`. */
  random?: Random;
}

/** A task that waits. */
interface Waiting<T> {
  readonly task: T;
  /** Its place in the queue. */
  ticket?: Ticket<Waiting<T>>;
  /** Its place among all who wait. */
  slot?: number;
  /** Ends the watch over its deadline and its caller. */
  endWatch?: () => void;
}

/**
 * Where tasks wait that an instance cannot work on yet, callers by turns (`policy/admission.ts`). What could not end
 * in time is refused at once rather than after the wait: RESOURCE_EXHAUSTED / OVERLOADED, with the time after which to
 * try again. On a task that leaves the room unserved no work was done.
 */
export class WaitingRoom<T> {
  readonly #options: WaitingRoomOptions<T>;
  readonly #admission: Admission<Waiting<T>>;
  /** Who waits: the policy knows no way to look through its queue. */
  readonly #waiting = new Slots<Waiting<T>>();
  #calling = false;

  constructor(options: WaitingRoomOptions<T>) {
    const { limit, maxWaiting } = options;
    this.#options = options;
    this.#admission = new Admission({
      limit,
      ...(maxWaiting !== undefined && { maxWaiting }),
      refuse: (waiting, refusal) => this.#leave(waiting, this.#overloaded(refusal)),
    });
  }

  /** How many tasks wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Lets a task be worked on at once, where there is room and nobody waits. It has to end with `ended`. */
  enter(): boolean {
    return this.#admission.enter();
  }

  /** Lets a task wait that could not enter. Throws OVERLOADED where that would be in vain. */
  wait(task: T, sender: string, { signal, deadline }: Pick<TaskScope, 'signal' | 'deadline'>): void {
    const now = performance.now();
    const waiting: Waiting<T> = { task };
    const ticket = this.#admission.wait(waiting, sender, deadline.at, now);
    if (typeof ticket === 'string') throw this.#overloaded(ticket);
    waiting.ticket = ticket;
    waiting.slot = this.#waiting.add(waiting);
    waiting.endWatch = pause(deadline, signal, {
      onTime: () => this.#withdraw(waiting, this.#expired()),
      onAbort: () => this.#withdraw(waiting, stoppedBy(signal)),
    });
  }

  /**
   * The work on a task has ended, after `serviceMs`; nothing where that says nothing of how long others will take.
   * Calls in who is next.
   */
  ended(serviceMs: number | undefined): void {
    this.#admission.ended(serviceMs);
    // One that ends as soon as it begins comes back here: its turn is over, and the loop below goes on.
    if (this.#calling) return;
    this.#calling = true;
    for (let next = this.#next(); next; next = this.#next()) {
      this.#forget(next);
      this.#options.start(next.task);
    }
    this.#calling = false;
  }

  /** Sends away all who wait: the instance is about to leave, and another one may have the time. */
  drain(): void {
    for (const waiting of this.#waiting.values()) {
      const text = 'This instance is about to leave, and had not begun with the task: ask another one.';
      this.#withdraw(waiting, troupeError('DRAINING', text, this.#options.about));
    }
  }

  #next(): Waiting<T> | undefined {
    return this.#admission.next(performance.now());
  }

  #withdraw(waiting: Waiting<T>, error: RpcError): void {
    if (this.#admission.withdraw(waiting.ticket!, performance.now())) this.#leave(waiting, error);
  }

  #leave(waiting: Waiting<T>, error: RpcError): void {
    this.#forget(waiting);
    this.#options.refuse(waiting.task, error);
  }

  #forget({ slot, endWatch }: Waiting<T>): void {
    endWatch?.();
    if (slot !== undefined) this.#waiting.delete(slot);
  }

  #overloaded(refusal: Refusal): RpcError {
    const { limit, about, random = Math.random } = this.#options;
    const busy = `This instance works on ${limit} ${limit === 1 ? 'task' : 'tasks'} at once`;
    const text =
      refusal === 'FULL'
        ? `${busy}, and no more may wait: try again after the time in RetryInfo, or ask another instance.`
        : `${busy}, and this one could not have ended in time: give it more, or ask another instance.`;
    const retryAfterMs = this.#admission.retryAfterMs(random);
    return troupeError('OVERLOADED', text, { ...about, retryAfterMs });
  }

  #expired(): RpcError {
    const { limit, about } = this.#options;
    const text = `The time ran out before any work on the task began, behind others: ${limit} are worked on at once.`;
    return troupeError('MESSAGE_EXPIRED', text, about);
  }
}
