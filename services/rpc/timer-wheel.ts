/** How many milliseconds the near wheel spans: one slot each. A power of two. */
const SPAN_MS = 1024;

/** How long a timer can be set for: Node's limit of 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Something that is to be done at a moment. */
export interface Alarm {
  /** Forgets it. Without effect once it has rung, or was forgotten. */
  cancel(): void;
}

/**
 * Many alarms on one timer of Node. Nearly every deadline is forgotten before it comes, because the work is done by
 * then: here both setting and forgetting one cost a link in a list, where a timer of Node costs 0.7 µs.
 *
 * Two levels: the alarms of the span that runs lie in slots of a millisecond each; those further off lie together by
 * the span in which they ring, and are sorted into slots when that begins.
 * Source: G. Varghese and T. Lauck, Hashed and Hierarchical Timing Wheels, 1987.
 */
export class TimerWheel {
  readonly #now: () => number;
  readonly #near: Slot[] = Array.from({ length: SPAN_MS }, () => new Slot());
  /** Alarms beyond the span that runs, by the number of the span in which they ring. */
  readonly #far = new Map<number, Slot>();
  /** The first millisecond whose alarms may not have rung yet. */
  #next = 0;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #armedFor = Number.POSITIVE_INFINITY;

  /** `now` is the clock, in milliseconds: `performance.now()` by default. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  readonly #onGone = (): void => {
    this.#count--;
    // An empty wheel does not keep the process alive. It need not be stopped: the next alarm finds it turning.
    if (this.#count === 0) this.#timer?.unref();
  };

  /** How many alarms are set. */
  get size(): number {
    return this.#count;
  }

  /** Calls `ring` once the clock has reached `at`: never before, and about a millisecond after on an idle loop. */
  set(at: number, ring: () => void): Alarm {
    if (this.#count === 0) this.#begin();
    const alarm = new SetAlarm(Math.max(Math.ceil(at), this.#next), ring, this.#onGone);
    this.#count++;
    this.#file(alarm);
    if (alarm.tick < this.#armedFor) this.#arm();
    return alarm;
  }

  #begin(): void {
    this.#next = Math.floor(this.#now());
    this.#far.clear();
    this.#timer?.ref();
  }

  #file(alarm: SetAlarm): void {
    const span = spanOf(alarm.tick);
    if (span === spanOf(this.#next)) return this.#near[alarm.tick % SPAN_MS]!.add(alarm);
    let slot = this.#far.get(span);
    if (!slot) {
      slot = new Slot();
      this.#far.set(span, slot);
    }
    slot.add(alarm);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = this.#nextStop();
    if (this.#armedFor === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(1, Math.ceil(this.#armedFor - this.#now()));
    this.#timer = setTimeout(() => this.#turn(), Math.min(delayMs, LONGEST_TIMER_MS));
  }

  /** When there is something to do next: ring an alarm, or begin a span that has some. */
  #nextStop(): number {
    const span = spanOf(this.#next);
    if (this.#far.has(span)) return this.#next;
    for (let tick = this.#next; spanOf(tick) === span; tick++) {
      if (!this.#near[tick % SPAN_MS]!.isEmpty) return tick;
    }
    let first = Number.POSITIVE_INFINITY;
    for (const [other, slot] of this.#far) {
      if (slot.isEmpty) this.#far.delete(other);
      else first = Math.min(first, other);
    }
    return first * SPAN_MS;
  }

  /** Rings all whose moment has come. */
  #turn(): void {
    const now = Math.floor(this.#now());
    try {
      for (let stop = this.#nextStop(); stop <= now; stop = this.#nextStop()) {
        this.#next = stop;
        this.#open(spanOf(stop));
        this.#ring(this.#near[stop % SPAN_MS]!);
      }
      this.#next = Math.max(this.#next, now);
    } finally {
      this.#arm();
    }
  }

  /** Sorts the alarms of the span that begins into its slots. */
  #open(span: number): void {
    const slot = this.#far.get(span);
    if (!slot) return;
    this.#far.delete(span);
    for (let alarm = slot.first; alarm; alarm = slot.first) {
      alarm.unlink();
      this.#file(alarm);
    }
  }

  #ring(slot: Slot): void {
    for (let alarm = slot.first; alarm; alarm = slot.first) {
      alarm.cancel();
      alarm.ring();
    }
  }
}

function spanOf(tick: number): number {
  return Math.floor(tick / SPAN_MS);
}

/** A place in a ring of alarms. */
class Link {
  before: Link = this;
  after: Link = this;

  /** Takes it out of its ring. */
  unlink(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }
}

/** Alarms that are looked at together: the ring behind this place. */
class Slot extends Link {
  get isEmpty(): boolean {
    return this.after === this;
  }

  get first(): SetAlarm | undefined {
    return this.isEmpty ? undefined : (this.after as SetAlarm);
  }

  add(alarm: SetAlarm): void {
    alarm.before = this.before;
    alarm.after = this;
    this.before.after = alarm;
    this.before = alarm;
  }
}

class SetAlarm extends Link implements Alarm {
  /** The millisecond in which it rings. */
  readonly tick: number;
  readonly ring: () => void;
  readonly #onGone: () => void;
  #set = true;

  constructor(tick: number, ring: () => void, onGone: () => void) {
    super();
    this.tick = tick;
    this.ring = ring;
    this.#onGone = onGone;
  }

  cancel(): void {
    if (!this.#set) return;
    this.#set = false;
    this.unlink();
    this.#onGone();
  }
}
