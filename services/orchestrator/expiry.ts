import { Deadline } from '../rpc/deadline.ts';
import { LONGEST_TIMEOUT_MS } from '../rpc/timeout.ts';

/** When keys expire, and who hears of it. */
export interface ExpiryOptions<K> {
  /** How long after it was last set a key expires, in milliseconds. */
  afterMs: number;
  /** Called once for each key that expires. It is forgotten by then. */
  onExpired: (key: K) => void;
}

/**
 * Keys that expire a fixed time after they were last set, by the monotonic clock: leases, and instances that
 * have gone. The time is the same for all, so the oldest is always the next, and one timer does for any
 * number of them.
 */
export class Expiry<K> {
  readonly #options: ExpiryOptions<K>;
  readonly #deadlines = new Map<K, Deadline>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ExpiryOptions<K>) {
    this.#options = options;
  }

  /** Lets `key` expire `afterMs` from now, whether it was set before or not. */
  set(key: K): Deadline {
    const deadline = Deadline.after(this.#options.afterMs);
    // Deleted first, so that it goes to the end: the map stays in the order in which its keys expire.
    this.#deadlines.delete(key);
    this.#deadlines.set(key, deadline);
    this.#timer ??= this.#wake(deadline);
    return deadline;
  }

  /** Whether `key` is set and has not expired. */
  has(key: K): boolean {
    return this.#deadlines.has(key);
  }

  /** Forgets `key`, and answers whether it was set: it will not expire. */
  delete(key: K): boolean {
    return this.#deadlines.delete(key);
  }

  /** Forgets all keys: none will expire. */
  clear(): void {
    this.#deadlines.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wake(deadline: Deadline): NodeJS.Timeout {
    // A timer may fire up to a millisecond early: round up, so that the deadline has passed when it does.
    const delayMs = Math.min(Math.ceil(deadline.remainingMs), LONGEST_TIMEOUT_MS);
    return setTimeout(() => this.#expire(), delayMs).unref();
  }

  #expire(): void {
    this.#timer = undefined;
    for (const [key, deadline] of this.#deadlines) {
      if (!deadline.expired) {
        this.#timer ??= this.#wake(deadline);
        return;
      }
      this.#deadlines.delete(key);
      this.#options.onExpired(key);
    }
  }
}
