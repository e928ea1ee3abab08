import { type Alarm, TimerWheel } from './timer-wheel.ts';

/** All deadlines of the process. */
const wheel = new TimerWheel();

const NO_ALARM: Alarm = { cancel() {} };

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

  /** The deadline that lies `ms` milliseconds ahead; already expired where `ms` is zero or less, `never` where it is Infinity. */
  static after(ms: number): Deadline {
    return ms === Number.POSITIVE_INFINITY ? Deadline.never : new Deadline(performance.now() + ms);
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
   * Calls `callback` when the moment has come, unless the alarm is cancelled first. Without a deadline it never does.
   */
  onExpired(callback: () => void): Alarm {
    return this.at === Number.POSITIVE_INFINITY ? NO_ALARM : wheel.set(this.at, callback);
  }
}
