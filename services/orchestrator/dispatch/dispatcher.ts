import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { Dispatch } from './dispatch.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';

/** Sends tasks on their way. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /**
   * Sends a task to its receiver where it names one, else to whoever has its capability. Everything that
   * becomes of it goes to the sink, every failure too; nothing is thrown.
   */
  dispatch(task: AgentMessage, sink: TaskSink, scope: TaskScope): void {
    new Dispatch(this.#parts, task, sink, scope).start();
  }
}
