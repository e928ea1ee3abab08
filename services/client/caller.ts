import { resultOfTask } from '../protocol/task-sink.ts';
import { streamOfTask } from '../protocol/task-stream.ts';
import { MAX_TTL_MS } from '../protocol/ttl.ts';
import type { JsonValue } from '../protocol/value.ts';
import { Deadline } from '../rpc/deadline.ts';
import { leavable } from './leavable.ts';
import type { Orchestrators } from './orchestrators.ts';
import {
  makeTask,
  type TaskEvent,
  type TaskOptions,
  type TaskResult,
  type TaskTarget,
  toEvent,
  toResult,
} from './task.ts';

/** Sends tasks through the orchestrators under one name. */
export class Caller {
  readonly #orchestrators: Orchestrators;
  readonly #id: string;
  readonly #hops: number;

  /** `hops`: how many agents have passed the work on already; 0 for a caller outside the mesh. */
  constructor(orchestrators: Orchestrators, id: string, hops = 0) {
    this.#orchestrators = orchestrators;
    this.#id = id;
    this.#hops = hops;
  }

  /** Sends a task and answers its result. Fails with the code, text and reason that the task's ERROR has. */
  async ask(target: TaskTarget, payload: JsonValue, options: TaskOptions = {}): Promise<TaskResult> {
    const task = makeTask(this.#id, target, payload, options, this.#hops);
    const scope = { signal: options.signal, deadline: deadlineOf(options) };
    return toResult(await resultOfTask((sink) => this.#orchestrators.send(task, sink, scope)));
  }

  /** Sends a task and yields its progress, and its result last. Leaving the iteration cancels the task. */
  stream(target: TaskTarget, payload: JsonValue, options: TaskOptions = {}): AsyncGenerator<TaskEvent, void> {
    return leavable(options.signal, (signal) => this.#stream(target, payload, { ...options, signal }));
  }

  async *#stream(
    target: TaskTarget,
    payload: JsonValue,
    options: TaskOptions,
  ): AsyncGenerator<TaskEvent, void> {
    const task = makeTask(this.#id, target, payload, options, this.#hops);
    const deadline = deadlineOf(options);
    const replies = streamOfTask(
      (sink, signal) => this.#orchestrators.send(task, sink, { signal, deadline }),
      options.signal,
    );
    for await (const { message } of replies) yield toEvent(message);
  }
}

/**
 * Without a time-out the mesh applies the capability's own; the most that it allows still bounds the wait for
 * it.
 */
function deadlineOf({ timeoutMs = MAX_TTL_MS }: TaskOptions): Deadline {
  return Deadline.after(timeoutMs);
}
