import type { Random } from '../../services/policy/random.ts';

/** Random numbers that are the same in every run: mulberry32. */
export function seededRandom(seed = 1): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Event {
  at: number;
  order: number;
  happen: () => void;
}

/** A world whose clock jumps from one event to the next, and whose chance is the same in every run. */
export class Simulation {
  /** Milliseconds. */
  now = 0;
  readonly random: Random;
  readonly #events: Event[] = [];
  #order = 0;

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  /** Has something happen in `ms` milliseconds. */
  after(ms: number, happen: () => void): void {
    const event = { at: this.now + ms, order: this.#order++, happen };
    const heap = this.#events;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isEarlier(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  /** Has something happen `perSecond` times a second, evenly, until a moment. */
  steady(perSecond: number, untilMs: number, happen: () => void): void {
    const gap = 1_000 / perSecond;
    if (this.now + gap > untilMs) return;
    this.after(gap, () => {
      happen();
      this.steady(perSecond, untilMs, happen);
    });
  }

  /** Has something happen at random moments, `perSecond` on average (a Poisson process), until a moment. */
  arrivals(perSecond: number, untilMs: number, happen: () => void): void {
    const gap = (-Math.log(1 - this.random()) * 1_000) / perSecond;
    if (this.now + gap >= untilMs) return;
    this.after(gap, () => {
      happen();
      this.arrivals(perSecond, untilMs, happen);
    });
  }

  /** Lets time pass until that moment. */
  run(untilMs: number): void {
    while (this.#events.length > 0 && this.#events[0]!.at <= untilMs) {
      const { at, happen } = this.#pop();
      this.now = at;
      happen();
    }
    this.now = untilMs;
  }

  #pop(): Event {
    const heap = this.#events;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child + 1 < heap.length && isEarlier(heap[child + 1]!, heap[child]!)) child++;
      if (child >= heap.length || !isEarlier(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isEarlier(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** The p-th quantile of some numbers. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
