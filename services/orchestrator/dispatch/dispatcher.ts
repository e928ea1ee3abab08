import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import { Dispatch } from './dispatch.ts';
import type { Lanes } from './lanes.ts';
import type { Router } from './route.ts';

/** What a dispatcher works with. */
export interface DispatcherParts {
  router: Router;
  lanes: Lanes;
  messages: MessageLog;
  /** Aborted when the orchestrator begins to drain: nothing new is taken from then on. */
  draining: AbortSignal;
}

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
