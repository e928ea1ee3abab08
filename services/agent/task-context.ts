import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
} from '../../gen/troupe/v1/agent_message_pb.js';
import { Caller } from '../client/caller.ts';
import type { Orchestrators } from '../client/orchestrators.ts';
import { SharedState } from '../client/shared-state.ts';
import type { TaskOptions, TaskResult } from '../client/task.ts';
import { progressOf } from '../protocol/reply.ts';
import type { TaskScope } from '../protocol/task-sink.ts';
import { onwardMs } from '../protocol/ttl.ts';
import type { JsonValue } from '../protocol/value.ts';
import type { Logger } from '../rpc/log.ts';

/** A document as a handler attaches it to its RESULT. */
export type AttachmentInit = MessageInitShape<typeof AttachmentSchema>;

/** What a handler knows of its task, and can do about it. */
export class TaskContext {
  /** The task: free text, attachments, headers, sender and all. */
  readonly message: AgentMessage;
  /** Aborted when the caller cancels or the time runs out; nobody waits for an answer after that. */
  readonly signal: AbortSignal;
  /** The state that agents share, within the task's deadline. */
  readonly state: SharedState;
  readonly #scope: TaskScope;
  readonly #caller: Caller;
  readonly #onProgress: (message: AgentMessage) => void;
  readonly #attachments: Attachment[] = [];
  #sequence = 0;
  #log: Logger | undefined;

  constructor(
    message: AgentMessage,
    scope: TaskScope,
    orchestrators: Orchestrators,
    onProgress: (message: AgentMessage) => void,
  ) {
    this.message = message;
    this.signal = scope.signal;
    this.state = new SharedState(orchestrators, scope);
    this.#scope = scope;
    this.#caller = new Caller(orchestrators, message.receiver, message.hops + 1);
    this.#onProgress = onProgress;
  }

  /** A logger whose lines carry the task's id and capability. */
  get log(): Logger {
    const { id: task, capability } = this.message;
    this.#log ??= this.#scope.log.child({ task, capability });
    return this.#log;
  }

  /** The time that remains to the task, in milliseconds. */
  get remainingMs(): number {
    return this.#scope.deadline.remainingMs;
  }

  /** The documents that the handler has attached so far. */
  get attachments(): readonly Attachment[] {
    return this.#attachments;
  }

  /**
   * Tells the caller how it goes. A caller that does not listen costs nothing; one that listens too slowly is
   * cut off.
   */
  progress(payload: JsonValue): void {
    if (this.signal.aborted) return;
    const message = progressOf(this.message, this.#sequence + 1, payload);
    this.#sequence++;
    this.#onProgress(message);
  }

  /** Attaches a document to the RESULT. */
  attach(attachment: AttachmentInit): void {
    this.#attachments.push(create(AttachmentSchema, attachment));
  }

  /**
   * Asks whoever has the capability, through the orchestrator, inside this task's deadline; cancelled with
   * it. Fails as the other agent does; HOP_LIMIT after 16 agents; NO_ORCHESTRATOR where none is configured.
   */
  call(capability: string, payload: JsonValue, options: TaskOptions = {}): Promise<TaskResult> {
    const timeoutMs = Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, onwardMs(this.remainingMs));
    const signal = options.signal ? AbortSignal.any([this.signal, options.signal]) : this.signal;
    const headers = { ...this.message.headers, ...options.headers };
    return this.#caller.ask({ capability }, payload, { ...options, timeoutMs, signal, headers });
  }
}
