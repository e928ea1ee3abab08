import { FairQueue, type Ticket } from './fair-queue.ts';
import type { Random } from './random.ts';

/** What may wait, and for how long. */
export interface AdmissionOptions<T> {
  /** How many tasks run at once; 0: no bound, and nothing ever waits. Can be set later. */
  limit: number;
  /** How many may wait. Default: 1,000. Ours: 1 MB or so of small tasks. */
  maxWaiting?: number;
  /**
   * For how long something may have been waiting without a break, in milliseconds, before the queue counts as a
   * standing one. Default: 100, CoDel's `INTERVAL` (RFC 8289), and Facebook's ("Fail at Scale", ACM Queue 2015).
   */
  standingMs?: number;
  /**
   * The same in times that a task takes; the longer of the two counts. Default: 5. Ours: a burst of six times what can
   * be done at once is done, however long its tasks take.
   */
  standingTasks?: number;
  /**
   * How long a task may wait in a standing queue, in times that a task takes. Default: 1. Ours: what is
   * admitted under overload takes no more than twice as long; with less, small agents have too little to do, and
   * callers that ask for different amounts get no even share.
   */
  standingFactor?: number;
  /** How long it may wait there in any case, in milliseconds. Default: 5, CoDel's `TARGET`. */
  standingMinMs?: number;
  /** Hears of a task that waited, and does not any more: nobody will work on it. */
  refuse: (item: T, refusal: Refusal) => void;
}

/**
 * Why a task is not let in: too many wait; or it could not have ended within its deadline. No work was done on
 * it.
 */
export type Refusal = 'FULL' | 'TOO_LATE';

/** How much the last task weighs in what a task takes. Source: TCP's smoothed round trip time (RFC 6298). */
const LAST_WEIGHT = 1 / 8;

/** By how much the time after which to come back is drawn out at most, as a share of it. Ours, as gRPC's backoff. */
const RETRY_JITTER = 0.2;

/**
 * Lets in as many tasks as may run at once. The others wait, callers by turns; and those that would wait in vain are
 * refused at once.
 *
 * A burst may fill the queue. A queue that does not empty holds nothing but delay, so it is kept as short as one task
 * takes (CoDel's idea). A full queue makes room for a caller that has less waiting than others. Every method is O(1)
 * amortised, but for that.
 */
export class Admission<T> {
  /**
   * What a task takes on average, in milliseconds, where the room is shared with tasks that are let in elsewhere;
   * the longer of this and what its own take tells how long a queue may stand, and a task wait in it. Default: 0.
   */
  sharedMs = 0;
  readonly #queue = new FairQueue<T>();
  readonly #options: Required<AdmissionOptions<T>>;
  #running = 0;
  /** What a task takes on average, in milliseconds; 0 while nothing is known. */
  #serviceMs = 0;
  #standing = false;
  /** Since when something waits; while nothing does, since when. */
  #waitingSince = 0;
  #emptySince = Number.NEGATIVE_INFINITY;

  constructor(options: AdmissionOptions<T>) {
    this.#options = {
      maxWaiting: 1_000,
      standingMs: 100,
      standingTasks: 5,
      standingFactor: 1,
      standingMinMs: 5,
      ...options,
    };
  }

  /** How many tasks may run at once; 0: no bound. */
  get limit(): number {
    return this.#options.limit;
  }

  /** What waits is looked at only by `next`: to be called after a limit was raised. */
  set limit(limit: number) {
    this.#options.limit = limit;
  }

  /** How many tasks run. */
  get running(): number {
    return this.#running;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Lets a task in at once, where it overtakes nobody. Each is to be ended once. */
  enter(): boolean {
    if (this.#queue.size > 0 || !this.#hasRoom) return false;
    this.#running++;
    return true;
  }

  /** Lets a task wait that could not enter, or says why it must not. */
  wait(item: T, caller: string, deadlineAt: number, now: number): Ticket<T> | Refusal {
    this.#assess(now);
    const waitMs = this.#waitMs(caller);
    if (now + waitMs + this.#serviceMs > deadlineAt) return 'TOO_LATE';
    if (this.#standing && waitMs > this.#standingLimitMs) return 'FULL';
    if (this.#queue.size >= this.#options.maxWaiting) {
      const displaced = this.#queue.displace(caller);
      if (!displaced) return 'FULL';
      this.#options.refuse(displaced.item, 'FULL');
    }
    if (this.#queue.size === 0) this.#waitingSince = now;
    return this.#queue.push(item, caller, deadlineAt, now);
  }

  /** A task that waited does so no longer: its caller withdrew it. Answers whether it was still waiting. */
  withdraw(ticket: Ticket<T>, now: number): boolean {
    const removed = this.#queue.remove(ticket);
    if (removed && this.#queue.size === 0) this.#emptySince = now;
    return removed;
  }

  /** A task that was let in has ended; nothing is learnt from one that failed at once. `next` may let in another. */
  ended(serviceMs: number | undefined): void {
    this.#running--;
    if (serviceMs === undefined) return;
    this.#serviceMs += (serviceMs - this.#serviceMs) * (this.#serviceMs === 0 ? 1 : LAST_WEIGHT);
  }

  /** The next task that waited and may run now; those that have waited in vain are refused on the way. */
  next(now: number): T | undefined {
    if (this.#queue.size === 0 || !this.#hasRoom) return undefined;
    this.#assess(now);
    let chosen: T | undefined;
    while (chosen === undefined) {
      const ticket = this.#queue.shift();
      if (!ticket) break;
      const refusal = this.#inVain(ticket, now);
      if (refusal) this.#options.refuse(ticket.item, refusal);
      else chosen = ticket.item;
    }
    if (this.#queue.size === 0) this.#emptySince = now;
    if (chosen !== undefined) this.#running++;
    return chosen;
  }

  /**
   * After how many milliseconds one that was refused may try again: when what waits will have been let in, drawn out at
   * random, so that those who are told the same do not come back together. At least 1; nothing while nothing is known.
   */
  retryAfterMs(random: Random): number | undefined {
    const { limit } = this.#options;
    if (limit === 0 || this.#serviceMs === 0) return undefined;
    return Math.max(1, (this.#serviceMs * (this.#queue.size + 1)) / limit) * (1 + RETRY_JITTER * random());
  }

  get #hasRoom(): boolean {
    return this.#options.limit === 0 || this.#running < this.#options.limit;
  }

  get #takesMs(): number {
    return Math.max(this.#serviceMs, this.sharedMs);
  }

  get #standingLimitMs(): number {
    const takesMs = this.#takesMs;
    // Where nothing is known of what has the room, a wait says nothing of how many want it.
    if (takesMs === 0) return Number.POSITIVE_INFINITY;
    return Math.max(this.#options.standingMinMs, this.#options.standingFactor * takesMs);
  }

  /**
   * How long a new task of a caller would wait: for all that is ahead of it, in its own line and in the others'
   * turns.
   */
  #waitMs(caller: string): number {
    const { limit } = this.#options;
    if (limit === 0) return 0;
    const own = this.#queue.waiting(caller);
    const callers = this.#queue.callers + (own === 0 ? 1 : 0);
    const ahead = Math.min(this.#queue.size, (own + 1) * callers - 1);
    return (this.#serviceMs * (ahead + 1)) / limit;
  }

  #inVain({ deadlineAt, since }: Ticket<T>, now: number): Refusal | undefined {
    if (now + this.#serviceMs > deadlineAt) return 'TOO_LATE';
    return this.#standing && now - since > this.#standingLimitMs ? 'FULL' : undefined;
  }

  #assess(now: number): void {
    const { standingMs, standingTasks } = this.#options;
    if (this.#queue.size > 0) {
      const burstMs = Math.max(standingMs, standingTasks * this.#takesMs);
      this.#standing ||= now - this.#waitingSince >= burstMs;
    } else if (now - this.#emptySince >= Math.max(standingMs, this.#serviceMs)) this.#standing = false;
  }
}
