/** An item that waits. */
export interface Ticket<T> {
  readonly item: T;
  /** Whose it is. */
  readonly caller: string;
  /** When it must have ended, in milliseconds of the monotonic clock. */
  readonly deadlineAt: number;
  /** Since when it waits, in milliseconds of the monotonic clock. */
  readonly since: number;
}

interface Waiting<T> extends Ticket<T> {
  lane: Lane<T> | undefined;
  before: Waiting<T> | undefined;
  after: Waiting<T> | undefined;
}

/** What waits for one caller, the oldest first, and its neighbours in the round. */
interface Lane<T> {
  readonly caller: string;
  size: number;
  oldest: Waiting<T> | undefined;
  newest: Waiting<T> | undefined;
  previous: Lane<T>;
  next: Lane<T>;
}

/**
 * A queue in which every caller that waits gets its turn: first come first served for each, and round robin
 * between them (deficit round robin, Shreedhar and Varghese 1995, where every item costs the same). Only callers with
 * something waiting take memory. Every method is O(1) but `displace`.
 */
export class FairQueue<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  /** Whose turn it is. */
  #turn: Lane<T> | undefined;
  #size = 0;

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  /** How many callers have something waiting. */
  get callers(): number {
    return this.#lanes.size;
  }

  /** How many items of a caller wait. */
  waiting(caller: string): number {
    return this.#lanes.get(caller)?.size ?? 0;
  }

  /** Adds an item at the end of its caller's; a caller that had none gets its turn after all others. */
  push(item: T, caller: string, deadlineAt: number, now: number): Ticket<T> {
    const lane = this.#lanes.get(caller) ?? this.#open(caller);
    const before = lane.newest;
    const waiting: Waiting<T> = { item, caller, deadlineAt, since: now, lane, before, after: undefined };
    if (before) before.after = waiting;
    else lane.oldest = waiting;
    lane.newest = waiting;
    lane.size++;
    this.#size++;
    return waiting;
  }

  /** Takes out the oldest item of the caller whose turn it is. */
  shift(): Ticket<T> | undefined {
    const lane = this.#turn;
    if (!lane) return undefined;
    this.#turn = lane.next;
    return this.#take(lane.oldest!);
  }

  /** Takes an item out, wherever it stands; answers whether it was still waiting. */
  remove(ticket: Ticket<T>): boolean {
    const waiting = ticket as Waiting<T>;
    if (!waiting.lane) return false;
    this.#take(waiting);
    return true;
  }

  /**
   * Takes out the newest item of the caller that has most waiting, to make room for one of `caller`; nothing where
   * that would leave the other with less. O(callers).
   */
  displace(caller: string): Ticket<T> | undefined {
    let longest: Lane<T> | undefined;
    for (const lane of this.#lanes.values()) {
      if (!longest || lane.size > longest.size) longest = lane;
    }
    if (!longest || longest.size <= this.waiting(caller) + 1) return undefined;
    return this.#take(longest.newest!);
  }

  #take(waiting: Waiting<T>): Ticket<T> {
    const { before, after } = waiting;
    const lane = waiting.lane!;
    if (before) before.after = after;
    else lane.oldest = after;
    if (after) after.before = before;
    else lane.newest = before;
    waiting.lane = undefined;
    this.#size--;
    if (--lane.size === 0) this.#close(lane);
    return waiting;
  }

  #open(caller: string): Lane<T> {
    const lane = { caller, size: 0, oldest: undefined, newest: undefined } as Omit<
      Lane<T>,
      'previous' | 'next'
    > as Lane<T>;
    const next = this.#turn ?? lane;
    const previous = this.#turn?.previous ?? lane;
    lane.next = next;
    lane.previous = previous;
    previous.next = lane;
    next.previous = lane;
    this.#turn ??= lane;
    this.#lanes.set(caller, lane);
    return lane;
  }

  #close(lane: Lane<T>): void {
    this.#lanes.delete(lane.caller);
    lane.previous.next = lane.next;
    lane.next.previous = lane.previous;
    if (this.#turn === lane) this.#turn = lane.next === lane ? undefined : lane.next;
  }
}
