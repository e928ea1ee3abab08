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
import { quoted } from '../protocol/quoted.ts';
import { progressOf } from '../protocol/reply.ts';
import type { TaskScope, TaskSink } from '../protocol/task-sink.ts';
import { onwardMs } from '../protocol/ttl.ts';
import type { JsonValue } from '../protocol/value.ts';
import type { Logger } from '../rpc/log.ts';
import { saidBy } from './handler-failure.ts';
import type { LazyAbort } from './lazy-abort.ts';

/** A document as a handler attaches it to its RESULT. */
export type AttachmentInit = MessageInitShape<typeof AttachmentSchema>;

/** What a handler's task is worked on under. */
export interface WorkScope extends Pick<TaskScope, 'deadline' | 'log'> {
  /** Says when nobody waits for an answer any more. */
  readonly stop: LazyAbort;
}

/** What a handler knows of its task, and can do about it. */
export class TaskContext {
  /** The task: free text, attachments, headers, sender and all. */
  readonly message: AgentMessage;
  readonly #scope: WorkScope;
  readonly #orchestrators: Orchestrators;
  readonly #sink: Pick<TaskSink, 'progress'>;
  /** By their names. */
  #attachments: Map<string, Attachment> | undefined;
  #sequence = 0;
  #state: SharedState | undefined;
  #log: Logger | undefined;

  constructor(
    message: AgentMessage,
    scope: WorkScope,
    orchestrators: Orchestrators,
    sink: Pick<TaskSink, 'progress'>,
  ) {
    this.message = message;
    this.#scope = scope;
    this.#orchestrators = orchestrators;
    this.#sink = sink;
  }

  /** Aborted when the caller cancels or the time runs out; nobody waits for an answer after that. */
  get signal(): AbortSignal {
    return this.#scope.stop.signal;
  }

  /** The state that agents share, within the task's deadline. */
  get state(): SharedState {
    this.#state ??= new SharedState(this.#orchestrators, {
      signal: this.signal,
      deadline: this.#scope.deadline,
    });
    return this.#state;
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

  /** Which attempt at the task this is, from 1: with a later one, an earlier may have done some of the work. */
  get attempt(): number {
    return Math.max(1, this.message.attempt);
  }

  /**
   * What is the same whenever the same work is asked for again, by whatever message and attempt, for effects that must
   * happen only once: what the caller has said, else the id of the message, which is the same over all attempts.
   */
  get idempotencyKey(): string {
    return this.message.idempotencyKey || this.message.id;
  }

  /** The documents that the handler has attached so far. */
  get attachments(): readonly Attachment[] {
    return this.#attachments ? [...this.#attachments.values()] : [];
  }

  /**
   * Tells the caller how it goes. At most 256, and 1 MiB of them, may wait to be read, whether or not the caller
   * listens: beyond that the task ends SLOW_READER. So report now and then, and not for every item of a loop. Throws
   * where the payload is no JSON.
   */
  progress(payload: JsonValue): void {
    if (this.#scope.stop.reason) return;
    const message = saidBy(() => progressOf(this.message, this.#sequence + 1, payload), 'reported');
    this.#sequence++;
    this.#sink.progress(message);
  }

  /** Attaches a document to the RESULT. Throws where it has no name, or that of another. */
  attach(attachment: AttachmentInit): void {
    const { name } = attachment;
    if (typeof name !== 'string' || name === '') throw new TypeError('it attached a document without a name');
    this.#attachments ??= new Map();
    if (this.#attachments.has(name)) throw new Error(`it attached two documents named ${quoted(name)}`);
    this.#attachments.set(name, create(AttachmentSchema, attachment));
  }

  /**
   * Asks whoever has the capability, through the orchestrator, inside this task's deadline; cancelled with
   * it. Fails as the other agent does; HOP_LIMIT after 16 agents; NO_ORCHESTRATOR where none is configured.
   */
  call(capability: string, payload: JsonValue, options: TaskOptions = {}): Promise<TaskResult> {
    const timeoutMs = Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, onwardMs(this.remainingMs));
    const signal = options.signal ? AbortSignal.any([this.signal, options.signal]) : this.signal;
    const headers = { ...this.message.headers, ...options.headers };
    const caller = new Caller(this.#orchestrators, this.message.receiver, this.message.hops + 1);
    return caller.ask({ capability }, payload, { ...options, timeoutMs, signal, headers });
  }
}
