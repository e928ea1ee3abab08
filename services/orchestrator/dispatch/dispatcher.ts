import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { admitMessage } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Connection } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { InstanceSet } from '../roster/instance-set.ts';
import { admitInput, admitTime } from './admit.ts';
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
   * Sends a task to its receiver where it names one, else to whoever has its capability. Everything that becomes of it goes to
   * the sink, every failure too; nothing is thrown.
   */
  dispatch(task: AgentMessage, sink: TaskSink, scope: TaskScope): void {
    this.#dispatch(task, sink, scope).catch((thrown) => {
      const error = RpcError.from(thrown);
      this.#parts.messages.record({ message: task, instanceId: '', outcome: error });
      sink.error(error);
    });
  }

  async #dispatch(task: AgentMessage, sink: TaskSink, scope: TaskScope): Promise<void> {
    const { router, balancer, messages, draining } = this.#parts;
    if (draining.aborted) {
      throw troupeError(
        'DRAINING',
        'The orchestrator is stopping and takes nothing new. Try again in a moment.',
      );
    }
    admitMessage(task);
    const instances = await router.find(task, scope);
    const tried = new Set<RosterEntry<Connection>>();
    let { deadline } = scope;

    while (true) {
      const candidates = untried(instances, tried);
      if (candidates.length === 0) throw noLiveInstance(task);
      const instance = balancer.pick(candidates);
      if (tried.size === 0) deadline = admitTime(task, instance, scope);
      admitInput(task, instance);
      tried.add(instance);

      const { signal, log } = scope;
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
