import { troupeError } from '../../protocol/reason.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { Stop, type StopSignal } from '../../rpc/stop-signal.ts';
import type { Alarm } from '../../rpc/timer-wheel.ts';
import type { Attempt } from './attempt.ts';
import type { Lane } from './lane.ts';
import type { Seat } from './seat.ts';
import type { Wish } from './wish.ts';

/**
 * Attempts of one task side by side: a second one where the first takes longer than 95 of 100 tasks do. The one that
 * says something first has the task, the others are cancelled.
 */
export class Hedge {
  readonly #lane: Lane;
  readonly #signal: StopSignal;
  readonly #send: (seat: Seat) => void;
  readonly #running = new Map<Attempt, Stop>();
  readonly #onAbort = () => {
    for (const stop of [...this.#running.values()]) stop.abort(this.#signal.reason);
  };
  #alarm: Alarm | undefined;
  #winner: Attempt | undefined;

  /** `send` makes the second attempt at the instance that is chosen for it. */
  constructor(lane: Lane, signal: StopSignal, send: (seat: Seat) => void) {
    this.#lane = lane;
    this.#signal = signal;
    this.#send = send;
  }

  /** An attempt is about to be made: its scope gets a signal of its own, by which it can be cancelled alone. */
  began(attempt: Attempt, scope: { signal: StopSignal; deadline: Deadline }, wish: Wish): void {
    const stop = new Stop();
    if (this.#running.size === 0) this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#running.set(attempt, stop);
    scope.signal = stop;
    if (this.#signal.aborted) stop.abort(this.#signal.reason);
    if (this.#running.size === 1) this.#arm(wish);
  }

  /** An attempt has something to say; answers whether the task is its own, and cancels the others then. */
  claim(attempt: Attempt): boolean {
    if (this.#winner) return this.#winner === attempt;
    this.#winner = attempt;
    this.#alarm?.cancel();
    const reason = troupeError('TASK_CANCELLED', 'Another instance was quicker.');
    for (const [other, stop] of [...this.#running]) if (other !== attempt) stop.abort(reason);
    return true;
  }

  /** An attempt has failed; answers whether that does not matter, since another one has the task or still may. */
  lost(attempt: Attempt): boolean {
    this.#running.delete(attempt);
    if (this.#winner) return this.#winner !== attempt;
    if (this.#running.size > 0) return true;
    this.end();
    return false;
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#alarm?.cancel();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #arm(wish: Wish): void {
    const delayMs = this.#lane.latencies.quantileMs(performance.now());
    if (delayMs === undefined) return;
    this.#alarm = Deadline.after(delayMs).onExpired(() => {
      const now = performance.now();
      if (!this.#lane.isElsewhere(wish)) return;
      const seat = this.#lane.pick(wish, now);
      if (seat && seat !== 'AT_CAPACITY' && this.#lane.budget.withdraw(now)) this.#send(seat);
    });
  }
}
