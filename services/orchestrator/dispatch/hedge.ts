import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { Stop, type StopSignal } from '../../rpc/stop-signal.ts';
import type { Alarm } from '../../rpc/timer-wheel.ts';
import { admitInput } from './admit.ts';
import type { Attempt } from './attempt.ts';
import type { Lane } from './lane.ts';
import type { Seat } from './seat.ts';
import type { Wish } from './wish.ts';

/** What attempts side by side have in common. */
export interface HedgeParts {
  task: AgentMessage;
  /** The lane that the task goes by. */
  lane: Lane;
  /** Aborted when the task is to stop. */
  signal: StopSignal;
}

/**
 * Attempts of one task side by side: a second one where the first takes longer than 95 of 100 tasks do. The one that
 * says something first has the task, the others are cancelled.
 */
export class Hedge {
  readonly #parts: HedgeParts;
  readonly #send: (seat: Seat) => void;
  readonly #running = new Map<Attempt, Stop>();
  readonly #onAbort = () => {
    for (const stop of [...this.#running.values()]) stop.abort(this.#parts.signal.reason);
  };
  #alarm: Alarm | undefined;
  #winner: Attempt | undefined;

  /** `send` makes the second attempt at the instance that is chosen for it. */
  constructor(parts: HedgeParts, send: (seat: Seat) => void) {
    this.#parts = parts;
    this.#send = send;
  }

  /** An attempt is about to be made: its scope gets a signal of its own, by which it can be cancelled alone. */
  began(attempt: Attempt, scope: { signal: StopSignal; deadline: Deadline }, wish: Wish): void {
    const { signal } = this.#parts;
    const stop = new Stop();
    if (this.#running.size === 0) signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#running.set(attempt, stop);
    scope.signal = stop;
    if (signal.aborted) stop.abort(signal.reason);
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
    this.#parts.signal.removeEventListener('abort', this.#onAbort);
  }

  #arm(wish: Wish): void {
    const { lane } = this.#parts;
    const delayMs = lane.latencies.quantileMs(performance.now());
    if (delayMs === undefined) return;
    this.#alarm = Deadline.after(delayMs).onExpired(() => {
      const now = performance.now();
      if (!lane.isElsewhere(wish)) return;
      const seat = lane.pick(wish, now);
      if (!seat || seat === 'AT_CAPACITY' || !this.#mayGoTo(seat)) return;
      if (lane.budget.withdraw(now)) this.#send(seat);
    });
  }

  /** Instances of one agent may differ in what they take, and in whether they may be asked twice. */
  #mayGoTo(seat: Seat): boolean {
    const { task } = this.#parts;
    if (!seat.isIdempotent(task.capability)) return false;
    try {
      admitInput(task, seat.entry);
      return true;
    } catch {
      // The first one took it: that is no reason to refuse the task.
      return false;
    }
  }
}
