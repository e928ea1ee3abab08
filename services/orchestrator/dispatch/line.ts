import { Admission, type Refusal } from '../../policy/admission.ts';
import type { Deadline } from '../../rpc/deadline.ts';
import { pause } from '../../rpc/pause.ts';
import type { StopSignal } from '../../rpc/stop-signal.ts';
import { hasLabels } from '../roster/filter.ts';
import type { Seat } from './seat.ts';

/** Who waits in a line until an instance has room. */
export interface Waiter {
  /** It is let in. */
  resume(): void;
  /** It waits in vain. */
  refused(refusal: Refusal): void;
  /** It has waited until its deadline, or until its signal aborted. */
  gaveUp(): void;
}

/** What a task waits under. */
export interface WaitScope {
  /** Who sent it. */
  readonly caller: string;
  readonly deadline: Deadline;
  readonly signal: StopSignal;
}

/** What a line looks at of its lane. */
export interface Seating {
  /** The instances that take tasks; another array where they have changed. */
  readonly seats: readonly Seat[];
  /** When an instance that is out of use is to be tried, in milliseconds of the monotonic clock; Infinity where none is. */
  readonly nextProbeAt: number;
}

/**
 * Where the tasks of a lane wait that may go to the same instances: those without labels, or those that ask for the
 * same ones. Lines may share instances, so each knows its own tasks only, and who chooses an instance looks at its
 * room.
 */
export class Line {
  /** What waits for room, and what is let in. */
  readonly admission: Admission<Waiter>;
  /** The labels that its tasks ask for; nothing where any instance will do. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly #lane: Seating;
  /** Those of the lane that `#seats` were taken from. */
  #among: readonly Seat[] = [];
  #seats: readonly Seat[] = [];
  /** How many are still looked at in this round. */
  #looks = 0;

  constructor(lane: Seating, labels?: Readonly<Record<string, string>>) {
    this.#lane = lane;
    this.labels = labels;
    this.admission = new Admission({ limit: 0, refuse: (waiter, refusal) => waiter.refused(refusal) });
  }

  /** The instances that take its tasks. */
  get seats(): readonly Seat[] {
    const { seats } = this.#lane;
    const { labels } = this;
    if (!labels) return seats;
    if (this.#among !== seats) {
      this.#among = seats;
      this.#seats = seats.filter(({ entry }) => hasLabels(entry.card, labels));
    }
    return this.#seats;
  }

  /** When a task that waits may have room though none was made: see Seating. */
  get nextProbeAt(): number {
    return this.#lane.nextProbeAt;
  }

  /** Whether no task waits in it, nor has been let in. */
  get idle(): boolean {
    return this.admission.running === 0 && this.admission.waiting === 0;
  }

  /** Lets a task in where none waits. Each is to be told of by `admission.ended`. */
  enter(): boolean {
    if (this.admission.waiting > 0) return false;
    // Who chooses an instance looks at its room; a bound of the whole only decides how long others wait.
    this.admission.limit = 0;
    return this.admission.enter();
  }

  /**
   * Lets a task wait for room, or says why it must not. The function that it answers is to be called when it is let in
   * or refused.
   */
  wait(waiter: Waiter, { caller, deadline, signal }: WaitScope, now: number): (() => void) | Refusal {
    this.#assess(1);
    const ticket = this.admission.wait(waiter, caller, deadline.at, now);
    if (typeof ticket === 'string') return ticket;
    const giveUp = () => {
      this.admission.withdraw(ticket, performance.now());
      waiter.gaveUp();
    };
    return pause(deadline, signal, { onTime: giveUp, onAbort: giveUp });
  }

  /** Begins a round, in which each that waits is looked at once: one may have to wait on. */
  beginRound(): void {
    this.#looks = this.admission.waiting;
  }

  /**
   * Lets in the next that waits, where there is room, or nobody left to wait for. Answers whether one had its turn.
   */
  admitNext(): boolean {
    if (this.#looks === 0 || this.admission.waiting === 0 || !this.#hasRoom) return false;
    this.#looks--;
    this.#assess(this.admission.running + 1);
    this.admission.next(performance.now())?.resume();
    return true;
  }

  get #hasRoom(): boolean {
    const { seats } = this;
    return seats.length === 0 || seats.some(({ inFlight, limit }) => inFlight < limit);
  }

  /** How many tasks its instances take, `least` in any case, and how long one keeps the quickest, of any line. */
  #assess(least: number): void {
    let capacity = 0;
    let quickestMs = Number.POSITIVE_INFINITY;
    for (const { limit, latency } of this.seats) {
      capacity += limit;
      quickestMs = Math.min(quickestMs, latency.typicalMs);
    }
    this.admission.limit = Math.max(least, capacity);
    this.admission.sharedMs = capacity === 0 ? 0 : quickestMs;
  }
}
