import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { Deadline } from '../rpc/deadline.ts';
import type { Logger } from '../rpc/log.ts';
import type { RpcError } from '../rpc/rpc-error.ts';
import type { StopSignal } from '../rpc/stop-signal.ts';

/**
 * Where the messages that answer a task go: any number of `progress`, then one `result` or one `error`. What
 * comes after that is dropped. None of them throws, and none waits: a sink that cannot keep up says so by
 * aborting the task's signal.
 */
export interface TaskSink {
  /** News of the task. */
  progress(message: AgentMessage): void;
  /** The task is done. */
  result(message: AgentMessage): void;
  /** The task failed. */
  error(error: RpcError): void;
  /** Told instead of `error`, where a sink cares, when the task was never sent from here: no work was done on it. */
  unsent?(error: RpcError): void;
  /** Told, where a sink cares, which instance is about to work on the task, and at which attempt, from 1. */
  routed?(instanceId: string, attempt: number): void;
}

/** Tells a sink that its task was never sent from here. */
export function tellUnsent(sink: TaskSink, error: RpcError): void {
  if (sink.unsent) sink.unsent(error);
  else sink.error(error);
}

/** What a task is worked on under. */
export interface TaskScope {
  /** Aborted when the task is cancelled or has run out of time; its reason is an RpcError. */
  readonly signal: StopSignal;
  /** When its caller wants it to have ended; `Deadline.never` where the caller did not say. */
  readonly deadline: Deadline;
  /**
   * When it must have ended whatever its caller says, and whatever its capability allows. Default: no such
   * bound.
   */
  readonly within?: Deadline;
  /** A logger for what is said about the task. */
  readonly log: Logger;
}

/** Works on a task, and answers into the sink; it may return before it does. */
export type TaskHandler = (task: AgentMessage, sink: TaskSink, scope: TaskScope) => void;

/** A message that answers a task, and where it comes from. */
export interface TaskReply {
  /** A PROGRESS, or last the RESULT. */
  message: AgentMessage;
  /** The instance that works on the task. */
  instanceId: string;
  /** At which attempt, from 1. */
  attempt: number;
}

/** The unary door: works on a task and answers its RESULT; its ERROR is thrown, its PROGRESS dropped. */
export function replyOfTask(work: (sink: TaskSink) => void): Promise<TaskReply> {
  const via = { instanceId: '', attempt: 1 };
  return new Promise((resolve, reject) => {
    work({
      progress: () => {},
      result: (message) => resolve({ message, ...via }),
      error: reject,
      routed: (instanceId, attempt) => Object.assign(via, { instanceId, attempt }),
    });
  });
}

/** The same for whoever cares only for the RESULT itself. */
export function resultOfTask(work: (sink: TaskSink) => void): Promise<AgentMessage> {
  return new Promise((result, error) => work({ progress: () => {}, result, error }));
}
