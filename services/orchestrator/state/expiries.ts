import { type Expiring, ExpiryQueue } from './expiry-queue.ts';

/** How many items expire in one go, and how long the next then wait: a mass expiry must not flood watchers. */
const PER_TURN = 256;
const TURN_MS = 10;

/** The longest that a timer can be set for: Node's limit. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Ends items when their time comes, with one timer for all. The timer does not keep the process alive. */
export class Expiries<T extends Expiring> {
  readonly #queue = new ExpiryQueue<T>();
  readonly #expire: (item: T) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** `expire` is called with each item whose time has come, once it has been taken out. */
  constructor(expire: (item: T) => void) {
    this.#expire = expire;
  }

  /** Adds an item; one that expires at Infinity is not kept. */
  add(item: T): void {
    if (item.expiresAt === Number.POSITIVE_INFINITY) return;
    this.#queue.add(item);
    // A timer set for an item that was removed since is left alone: it finds nothing, and is set anew.
    if (item.expiresAt < this.#timerAt) this.#arm(item.expiresAt);
  }

  /** Takes an item out before its time, if it is there. */
  remove(item: T): void {
    this.#queue.remove(item);
  }

  /** Expires up to 256 items whose time has come, and tells whether there were as many: more may be due. */
  expireDue(): boolean {
    const now = performance.now();
    for (let left = PER_TURN; left > 0; left--) {
      const first = this.#queue.first;
      if (first === undefined || first.expiresAt > now) return false;
      this.#queue.remove(first);
      this.#expire(first);
    }
    return true;
  }

  /** Stops the timer: nothing expires by itself any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.min(Math.max(0, Math.ceil(at - performance.now())), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#turn(), delay).unref();
  }

  #turn(): void {
    const more = this.expireDue();
    this.#timerAt = Number.POSITIVE_INFINITY;
    const first = this.#queue.first;
    if (first) this.#arm(more ? performance.now() + TURN_MS : first.expiresAt);
  }
}
