import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { type Reason, reasonOf } from '../../protocol/reason.ts';
import { errorOf } from '../../protocol/reply.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { msToDuration, onwardMs } from '../../protocol/ttl.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { completeAnswer, completeProgress, explainFailure } from '../member/answer.ts';
import type { Connection } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { RosterEntry } from '../roster/entry.ts';
import { isRoutable } from '../roster/status.ts';

/** What an attempt at a task is made of. */
export interface AttemptParts {
  task: AgentMessage;
  instance: RosterEntry<Connection>;
  /** Which attempt it is, from 1. */
  number: number;
  scope: Pick<TaskScope, 'signal' | 'deadline'>;
  messages: MessageLog;
  /** Where PROGRESS and RESULT go, as they come. */
  sink: TaskSink;
  /** Told instead of the sink when the attempt failed: another instance may be tried. Nothing follows a RESULT. */
  failed: (failure: AttemptFailure) => void;
}

/** How an attempt failed. */
export interface AttemptFailure {
  error: RpcError;
  /** Whether no work was done, so that another instance can be asked at once. */
  untouched: boolean;
}

/** One attempt at a task: at one instance, within a slice of the task's deadline. */
export class Attempt implements TaskSink {
  readonly #parts: AttemptParts;
  readonly #startedAt = performance.now();
  #sent: AgentMessage;
  #progressed = false;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#sent = parts.task;
  }

  /** Sends the task; what becomes of it may be told before this returns. */
  start(): void {
    const { task, instance, number, scope, messages, sink } = this.#parts;
    const remaining = scope.deadline.remainingMs;
    const onward = onwardMs(remaining);
    this.#sent = { ...task, receiver: instance.agentId, attempt: number, ttl: msToDuration(onward) };
    // The instance's own word that time is up is better than ours: it gets half of the margin to arrive.
    const deadline = Deadline.after((remaining + onward) / 2);

    messages.record({ message: this.#sent, instanceId: instance.instanceId });
    sink.routed?.(instance.instanceId, number);
    instance.inFlight++;
    instance.connection.send(this.#sent, this, { signal: scope.signal, deadline });
  }

  progress(message: AgentMessage): void {
    this.#progressed = true;
    this.#parts.sink.progress(completeProgress(message, this.#parts.instance.card));
  }

  result(message: AgentMessage): void {
    const { task, instance, sink } = this.#parts;
    let answer: AgentMessage;
    try {
      answer = completeAnswer(task, message, instance.card);
    } catch (thrown) {
      return this.error(RpcError.from(thrown));
    }
    this.#ended(answer);
    sink.result(answer);
  }

  error(thrown: RpcError): void {
    const { instance, failed } = this.#parts;
    const error = explainFailure(thrown, instance.card);
    this.#ended(errorOf(this.#sent, error, { sender: instance.agentId }), error);
    failed({ error, untouched: !this.#progressed && isUntouched(error, instance) });
  }

  #ended(message: AgentMessage, outcome?: RpcError): void {
    const { task, instance, messages } = this.#parts;
    instance.inFlight--;
    const durationMs = performance.now() - this.#startedAt;
    const { instanceId } = instance;
    messages.record({ message, instanceId, capability: task.capability, outcome, durationMs });
  }
}

/** The reasons that say that no work was done. */
const UNTOUCHED: ReadonlySet<string | undefined> = new Set<Reason>(['DRAINING', 'NO_LIVE_INSTANCE']);

/**
 * Whether the task did not reach the instance, or was refused since it is leaving. One that is not leaving
 * itself only passes on what another agent told it, after it had begun.
 */
function isUntouched(error: RpcError, instance: RosterEntry<Connection>): boolean {
  return UNTOUCHED.has(reasonOf(error)) && !isRoutable(instance.status);
}
