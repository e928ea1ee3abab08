import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { errorOf } from '../../protocol/reply.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { msToDuration, onwardMs } from '../../protocol/ttl.ts';
import { Code } from '../../rpc/code.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Logger } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { completeAnswer, completeProgress, explainFailure } from '../member/answer.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { Lane } from './lane.ts';
import type { Seat } from './seat.ts';
import { judge, NEVER_SENT, type Verdict } from './verdict.ts';

/** What all attempts at a task have in common. */
export interface AttemptParts {
  task: AgentMessage;
  /** The lane that the task goes by. */
  lane: Lane;
  messages: MessageLog;
  /** Told of all that becomes of it. */
  owner: AttemptOwner;
  log: Logger;
}

/** What an attempt is made under. */
export type AttemptScope = Pick<TaskScope, 'signal' | 'deadline'>;

/** Of a failure that could not be judged. */
const UNCLEAR: Verdict = { ...NEVER_SENT, kind: 'final', leaving: false };

/** Who makes an attempt. */
export interface AttemptOwner {
  /** It has been sent, or is about to be. */
  routed(instanceId: string, number: number): void;
  /** News from the instance. */
  progress(message: AgentMessage, from: Attempt): void;
  /** It succeeded. Nothing follows. */
  result(message: AgentMessage, from: Attempt): void;
  /** It failed. Nothing follows. */
  failed(error: RpcError, verdict: Verdict, from: Attempt): void;
}

/**
 * One attempt at a task: at one instance, within a slice of the task's deadline. Whatever the instance says, and whatever
 * of it cannot be dealt with, the room that it took is given back once, and its owner is told of one end.
 */
export class Attempt implements TaskSink {
  readonly seat: Seat;
  /** Which attempt it is, from 1. */
  readonly number: number;
  readonly #parts: AttemptParts;
  readonly #scope: AttemptScope;
  readonly #startedAt = performance.now();
  #sent: AgentMessage;
  #inFlight = 0;

  constructor(parts: AttemptParts, seat: Seat, number: number, scope: AttemptScope) {
    this.#parts = parts;
    this.seat = seat;
    this.number = number;
    this.#scope = scope;
    this.#sent = parts.task;
  }

  /** Sends the task; what becomes of it may be told before this returns. */
  start(): void {
    const { task, lane, messages, owner } = this.#parts;
    const { seat } = this;
    const { entry } = seat;
    const number = this.number;
    const scope = this.#scope;
    const remaining = scope.deadline.remainingMs;
    const onward = onwardMs(remaining);
    this.#sent = { ...task, receiver: entry.agentId, attempt: number, ttl: msToDuration(onward) };
    // The instance's own word that time is up is better than ours: it gets half of the margin to arrive.
    const deadline = Deadline.after((remaining + onward) / 2);

    messages.record({ message: this.#sent, instanceId: entry.instanceId });
    owner.routed(entry.instanceId, number);
    lane.started(seat, this.#startedAt);
    this.#inFlight = seat.inFlight;
    entry.connection.send(this.#sent, this, { signal: scope.signal, deadline });
  }

  progress(message: AgentMessage): void {
    const news = completeProgress(message, this.seat.entry.card);
    news.attempt = this.number;
    this.#parts.owner.progress(news, this);
  }

  result(message: AgentMessage): void {
    const { task, lane, owner } = this.#parts;
    const { seat } = this;
    let answer: AgentMessage;
    try {
      answer = completeAnswer(task, message, seat.entry.card);
    } catch (thrown) {
      return this.error(RpcError.from(thrown));
    }
    answer.attempt = this.number;
    const now = performance.now();
    try {
      lane.succeeded(seat, this.#startedAt, this.#inFlight, now);
      this.#record(answer, now);
    } catch (fault) {
      this.#report(fault);
    }
    try {
      owner.result(answer, this);
    } catch (fault) {
      this.#report(fault);
    }
  }

  error(thrown: RpcError): void {
    const { entry } = this.seat;
    let error: RpcError | undefined;
    let verdict = UNCLEAR;
    try {
      error = explainFailure(thrown, entry.card);
      verdict = judge(error, entry);
    } catch (fault) {
      this.#report(fault);
      error ??= new RpcError(Code.UNKNOWN, thrown.message, [], { cause: thrown });
    }
    this.#failed(error, verdict);
  }

  unsent(error: RpcError): void {
    this.#failed(error, NEVER_SENT);
  }

  #failed(error: RpcError, verdict: Verdict): void {
    const { lane, owner } = this.#parts;
    const { entry } = this.seat;
    const now = performance.now();
    try {
      lane.failed(this.seat, verdict, this.#startedAt, now);
      this.#record(errorOf(this.#sent, error, { sender: entry.agentId }), now, error);
    } catch (fault) {
      this.#report(fault);
    }
    try {
      owner.failed(error, verdict, this);
    } catch (fault) {
      this.#report(fault);
    }
  }

  /** A fault of our own. Thrown on, it would end the link to the instance, with all that is on it, or the process. */
  #report(fault: unknown): void {
    const { agentId: agent, instanceId: instance } = this.seat.entry;
    const { task, log } = this.#parts;
    log.error(
      { task: task.id, agent, instance, error: RpcError.from(fault).message },
      'an attempt ended with a fault',
    );
  }

  #record(message: AgentMessage, now: number, outcome?: RpcError): void {
    const { task, messages } = this.#parts;
    const { instanceId } = this.seat.entry;
    const durationMs = now - this.#startedAt;
    messages.record({ message, instanceId, capability: task.capability, outcome, durationMs });
  }
}
