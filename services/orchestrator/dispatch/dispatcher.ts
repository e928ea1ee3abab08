import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { admitMessage } from '../../protocol/message.ts';
import { errorOf } from '../../protocol/reply.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { type Connection, ORCHESTRATOR_ID } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { InstanceSet } from '../roster/instance-set.ts';
import { admitInput, admitTime, refuseWhileDraining, taskDeadline } from './admit.ts';
import { attempt } from './attempt.ts';
import type { Balancer } from './balance.ts';
import { noLiveInstance, type Router } from './route.ts';

/** What a dispatcher works with. */
export interface DispatcherParts {
  router: Router;
  balancer: Balancer<RosterEntry<Connection>>;
  messages: MessageLog;
  /** Aborted when the orchestrator begins to drain: nothing new is taken from then on. */
  draining: AbortSignal;
}

/** The way of a task: route → balance → attempt → call, and the reply straight back. */
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
    const { messages } = this.#parts;
    const tried = new Set<RosterEntry<Connection>>();
    this.#dispatch(task, sink, scope, tried).catch((thrown) => {
      const error = RpcError.from(thrown);
      if (tried.size === 0) messages.record({ message: task, instanceId: '' });
      const message = errorOf(task, error, { sender: ORCHESTRATOR_ID });
      messages.record({ message, instanceId: '', capability: task.capability });
      sink.error(error);
    });
  }

  async #dispatch(
    task: AgentMessage,
    sink: TaskSink,
    scope: TaskScope,
    tried: Set<RosterEntry<Connection>>,
  ): Promise<void> {
    const { router, balancer, messages, draining } = this.#parts;
    refuseWhileDraining(draining);
    admitMessage(task);
    const { signal, log } = scope;
    const bound = admitTime(task, scope);
    const instances = await router.find(task, { signal, deadline: bound });
    let deadline = bound;

    while (true) {
      const candidates = untried(instances, tried);
      if (candidates.length === 0) throw noLiveInstance(task);
      const instance = balancer.pick(candidates);
      if (tried.size === 0) deadline = taskDeadline(task, instance, scope.deadline, bound);
      admitInput(task, instance);
      tried.add(instance);

      const failure = await attempt(
        { task, instance, number: tried.size, scope: { signal, log, deadline }, messages },
        sink,
      );
      if (!failure) return;
      if (!failure.untouched || untried(instances, tried).length === 0) return sink.error(failure.error);
    }
  }
}

function untried(
  { routable }: InstanceSet<Connection>,
  tried: ReadonlySet<RosterEntry<Connection>>,
): readonly RosterEntry<Connection>[] {
  return tried.size === 0 ? routable : routable.filter((instance) => !tried.has(instance));
}
