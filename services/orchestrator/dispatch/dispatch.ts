import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { Refusal } from '../../policy/admission.ts';
import { admitMessage } from '../../protocol/message.ts';
import { stoppedBy } from '../../protocol/stopped.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { pause } from '../../rpc/pause.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { admitInput, admitTime, expired, overloaded, refuseWhileDraining, taskDeadline } from './admit.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';
import { Hedge } from './hedge.ts';
import type { Lane } from './lane.ts';
import type { Line, Waiter } from './line.ts';
import { recordRefusal } from './record-refusal.ts';
import { ReturnTime } from './return-time.ts';
import { noLiveInstance } from './route.ts';
import type { Seat } from './seat.ts';
import type { Verdict } from './verdict.ts';
import { type Wish, wishOf } from './wish.ts';

/**
 * One task on its way: admit → route → choose → attempt, and the reply straight back. Nothing on it waits but for an
 * agent that is not known yet, for room at an instance, before another attempt, and for the instance itself.
 */
export class Dispatch implements AttemptOwner, Waiter {
  readonly #wish: Wish;
  readonly #parts: DispatcherParts;
  readonly #task: AgentMessage;
  readonly #sink: TaskSink;
  readonly #scope: TaskScope;
  /** What is known of the deadline before an instance is chosen. */
  #bound = Deadline.never;
  #deadline: Deadline | undefined;
  #lane!: Lane;
  #line!: Line;
  /** When it was let in; nothing while it is not. */
  #enteredAt: number | undefined;
  #progressed = false;
  #hedge: Hedge | undefined;
  /** Ends its wait for room. */
  #endWait: (() => void) | undefined;
  #lastError: RpcError | undefined;
  /** For how long it waits for a lost instance to come back. */
  #returnTime: ReturnTime | undefined;

  constructor(parts: DispatcherParts, task: AgentMessage, sink: TaskSink, scope: TaskScope) {
    this.#parts = parts;
    this.#task = task;
    this.#sink = sink;
    this.#scope = scope;
    this.#wish = wishOf(task);
  }

  /** Sends it on its way; all that becomes of it goes to the sink. */
  start(): void {
    try {
      refuseWhileDraining(this.#parts.draining);
      admitMessage(this.#task);
      this.#bound = admitTime(this.#task, this.#scope);
      const instances = this.#parts.router.look(this.#task);
      if (instances) this.#enter(this.#parts.lanes.of(instances, this.#task));
      else void this.#enterWhenKnown();
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  async #enterWhenKnown(): Promise<void> {
    try {
      const instances = await this.#parts.router.wait(this.#task, { ...this.#scope, deadline: this.#bound });
      this.#enter(this.#parts.lanes.of(instances, this.#task));
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  /** Nobody overtakes those who wait for room. */
  #enter(lane: Lane): void {
    this.#lane = lane;
    this.#line = lane.lineOf(this.#wish);
    const now = performance.now();
    lane.budget.deposit(now);
    if (!this.#line.enter()) {
      this.#waitForRoom(now);
      // It may only wait behind others, who must not go to an instance that has room.
      return this.#parts.lanes.roomMade();
    }
    this.#enteredAt = now;
    this.#attempt(now);
  }

  /** choose → attempt. */
  #attempt(now: number): void {
    const seat = this.#lane.choose(this.#wish, now);
    if (seat === 'AT_CAPACITY') return this.#waitForRoom(now);
    if (seat) return this.#attemptAt(seat);
    if (!this.#lastError) return this.#refuse(noLiveInstance(this.#task));
    if (this.#enterOther()) return;
    this.#returnTime ??= new ReturnTime();
    const lookMs = this.#returnTime.nextLookMs(this.#deadline ?? this.#bound);
    if (lookMs === undefined) return this.#refuse(this.#lastError);
    this.#waitForRetry(lookMs);
  }

  /** Goes on by another lane where its own went with the last of its instances, and one has come since. */
  #enterOther(): boolean {
    const instances = this.#parts.router.look(this.#task);
    const lane = instances && this.#parts.lanes.of(instances, this.#task);
    if (!lane || lane === this.#lane) return false;
    this.#leave(false);
    this.#hedge = undefined;
    this.#enter(lane);
    return true;
  }

  #attemptAt(seat: Seat): void {
    try {
      this.#setDeadline(seat);
      admitInput(this.#task, seat.entry);
    } catch (thrown) {
      return this.#refuse(thrown);
    }
    const { routing, capability } = this.#task;
    if (routing?.hedge && this.#wish.tried.length === 0 && seat.isIdempotent(capability)) {
      const hedged = { task: this.#task, lane: this.#lane, signal: this.#scope.signal };
      this.#hedge = new Hedge(hedged, (other) => this.#send(other));
    }
    this.#send(seat);
  }

  #send(seat: Seat): void {
    const number = this.#wish.tried.push(seat);
    const { signal, log } = this.#scope;
    const scope = { signal, deadline: this.#deadline ?? this.#bound };
    const parts = { task: this.#task, lane: this.#lane, messages: this.#parts.messages, owner: this, log };
    const attempt = new Attempt(parts, seat, number, scope);
    this.#hedge?.began(attempt, scope, this.#wish);
    attempt.start();
  }

  routed(instanceId: string, number: number): void {
    this.#sink.routed?.(instanceId, number);
  }

  /** Whether the task is this attempt's own: its caller hears of one alone, and which it is where there are several. */
  #claims(from: Attempt): boolean {
    if (!this.#hedge) return true;
    if (!this.#hedge.claim(from)) return false;
    this.routed(from.seat.entry.instanceId, from.number);
    return true;
  }

  progress(message: AgentMessage, from: Attempt): void {
    if (!this.#claims(from)) return;
    this.#progressed = true;
    this.#sink.progress(message);
  }

  result(message: AgentMessage, from: Attempt): void {
    this.#parts.lanes.roomMade();
    if (!this.#claims(from)) return;
    this.#leave(true);
    this.#sink.result(message);
  }

  failed(error: RpcError, verdict: Verdict, from: Attempt): void {
    this.#parts.lanes.roomMade();
    // Another attempt is under way, or has ended it.
    if (this.#hedge?.lost(from)) return;
    this.#lastError = error;
    const waitMs = this.#progressed ? undefined : this.#retryMs(verdict, from.seat);
    if (waitMs === undefined) {
      this.#leave(verdict.kind === 'final');
      this.#sink.error(error);
    } else if (waitMs > 0) this.#waitForRetry(waitMs);
    // Not from within: as many failures at once as there are instances would fill the stack.
    else queueMicrotask(() => this.#attempt(performance.now()));
  }

  #retryMs(verdict: Verdict, seat: Seat): number | undefined {
    const idempotent = seat.isIdempotent(this.#task.capability);
    const { remainingMs } = this.#deadline ?? this.#bound;
    return this.#lane.retryMs(this.#wish, verdict, { idempotent, remainingMs }, performance.now());
  }

  #waitForRetry(waitMs: number): void {
    const { signal } = this.#scope;
    pause(Deadline.after(waitMs), signal, {
      onTime: () => this.#attempt(performance.now()),
      onAbort: () => this.#refuse(stoppedBy(signal)),
    });
  }

  #waitForRoom(now: number): void {
    const [first] = this.#line.seats;
    this.#leave(false);
    if (!first) return this.#refuse(noLiveInstance(this.#task));
    try {
      const { signal } = this.#scope;
      const scope = { caller: this.#task.sender, deadline: this.#setDeadline(first), signal };
      const wait = this.#line.wait(this, scope, now);
      if (typeof wait === 'string') return this.refused(wait);
      this.#endWait = wait;
      this.#parts.lanes.crowded(this.#line);
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  resume(): void {
    this.#endWait?.();
    this.#enteredAt = performance.now();
    this.#attempt(this.#enteredAt);
  }

  refused(refusal: Refusal): void {
    this.#endWait?.();
    this.#refuse(overloaded(this.#task, refusal, this.#line));
  }

  gaveUp(): void {
    const { signal } = this.#scope;
    this.#refuse(signal.aborted ? stoppedBy(signal) : expired(this.#task));
  }

  /** The task's own deadline, from the first instance on that it may go to. */
  #setDeadline({ entry }: Seat): Deadline {
    this.#deadline ??= taskDeadline(this.#task, entry, this.#scope.deadline, this.#bound);
    return this.#deadline;
  }

  /** Gives its room in the line to the next; `worked` tells how long a task takes. */
  #leave(worked: boolean): void {
    this.#hedge?.end();
    if (this.#enteredAt === undefined) return;
    this.#line.admission.ended(worked ? performance.now() - this.#enteredAt : undefined);
    this.#enteredAt = undefined;
  }

  /** Ends a task that no instance has, or has any more. */
  #refuse(thrown: unknown): void {
    const { messages, lanes } = this.#parts;
    const error = RpcError.from(thrown);
    recordRefusal(messages, this.#task, error, this.#wish.tried.length === 0);
    this.#leave(false);
    this.#sink.error(error);
    lanes.roomMade();
  }
}
