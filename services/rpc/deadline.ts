/** How long a timer can be set for: Node's limit of 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The moment by which something must be done, on the monotonic clock: a jump of the wall clock does not move
 * it. It crosses a process boundary only as the time that remains.
 */
export class Deadline {
  /** No deadline at all. */
  static readonly never = new Deadline(Number.POSITIVE_INFINITY);

  /** The moment itself, in milliseconds of `performance.now()`; Infinity where there is none. */
  readonly at: number;

  private constructor(at: number) {
    this.at = at;
  }

  /** The deadline that lies `ms` milliseconds ahead; already expired where `ms` is zero or less. */
  static after(ms: number): Deadline {
    return new Deadline(performance.now() + ms);
  }

  /** What remains, in milliseconds: never below zero, Infinity where there is no deadline. */
  get remainingMs(): number {
    return Math.max(0, this.at - performance.now());
  }

  /** Whether the moment has come. */
  get expired(): boolean {
    return this.at <= performance.now();
  }

  /** The earlier of the two. */
  earliest(other: Deadline): Deadline {
    return other.at < this.at ? other : this;
  }

  /**
   * Calls `callback` when the moment has come, unless the function that it returns is called first.
   * Without a deadline it never does.
   */
  onExpired(callback: () => void): () => void {
    if (this.at === Number.POSITIVE_INFINITY) return () => {};
    let timer: NodeJS.Timeout;
    const wait = () => {
      // A timer counts whole milliseconds from a start that was rounded down: it may fire a little early.
      const fired = () => (this.expired ? callback() : wait());
      timer = setTimeout(fired, Math.min(Math.ceil(this.remainingMs), LONGEST_TIMER_MS));
    };
    wait();
    return () => clearTimeout(timer);
  }
}
