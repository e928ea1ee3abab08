import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { admitMessage } from '../../protocol/message.ts';
import { errorOf } from '../../protocol/reply.ts';
import type { TaskScope, TaskSink } from '../../protocol/task-sink.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { type Connection, ORCHESTRATOR_ID } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { InstanceSet } from '../roster/instance-set.ts';
import { admitInput, admitTime, refuseWhileDraining, taskDeadline } from './admit.ts';
import { Attempt, type AttemptFailure } from './attempt.ts';
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
    new Dispatch(this.#parts, task, sink, scope).start();
  }
}

/** One task on its way. Nothing on it waits but for the instance, or for an agent that is not known yet. */
class Dispatch {
  readonly #parts: DispatcherParts;
  readonly #task: AgentMessage;
  readonly #sink: TaskSink;
  readonly #scope: TaskScope;
  readonly #tried: RosterEntry<Connection>[] = [];
  /** What is known of the deadline before an instance is chosen. */
  #bound = Deadline.never;
  #deadline = Deadline.never;
  #instances: InstanceSet<Connection> | undefined;

  constructor(parts: DispatcherParts, task: AgentMessage, sink: TaskSink, scope: TaskScope) {
    this.#parts = parts;
    this.#task = task;
    this.#sink = sink;
    this.#scope = scope;
  }

  start(): void {
    const { router, draining } = this.#parts;
    try {
      refuseWhileDraining(draining);
      admitMessage(this.#task);
      this.#bound = admitTime(this.#task, this.#scope);
      this.#instances = router.look(this.#task);
    } catch (thrown) {
      return this.#refuse(thrown);
    }
    if (this.#instances) this.#attempt();
    else void this.#attemptWhenKnown();
  }

  async #attemptWhenKnown(): Promise<void> {
    const scope = { signal: this.#scope.signal, deadline: this.#bound };
    try {
      this.#instances = await this.#parts.router.wait(this.#task, scope);
    } catch (thrown) {
      return this.#refuse(thrown);
    }
    this.#attempt();
  }

  /** balance → attempt: at an instance that was not tried yet. */
  #attempt(): void {
    const { balancer, messages } = this.#parts;
    const task = this.#task;
    let instance: RosterEntry<Connection>;
    try {
      const candidates = this.#untried();
      if (candidates.length === 0) throw noLiveInstance(task);
      instance = balancer.pick(candidates);
      if (this.#tried.length === 0)
        this.#deadline = taskDeadline(task, instance, this.#scope.deadline, this.#bound);
      admitInput(task, instance);
    } catch (thrown) {
      return this.#refuse(thrown);
    }
    const number = this.#tried.push(instance);
    const scope = { signal: this.#scope.signal, deadline: this.#deadline };
    new Attempt({ task, instance, number, scope, messages, sink: this.#sink, failed: this.#failed }).start();
  }

  readonly #failed = ({ error, untouched }: AttemptFailure): void => {
    if (!untouched || this.#untried().length === 0) return this.#sink.error(error);
    // Not from within: as many failures at once as there are instances would fill the stack.
    queueMicrotask(() => this.#attempt());
  };

  #untried(): readonly RosterEntry<Connection>[] {
    const routable = this.#instances?.routable ?? [];
    return this.#tried.length === 0
      ? routable
      : routable.filter((instance) => !this.#tried.includes(instance));
  }

  /** Ends a task that no instance has, or has any more. */
  #refuse(thrown: unknown): void {
    const { messages } = this.#parts;
    const task = this.#task;
    const error = RpcError.from(thrown);
    if (this.#tried.length === 0) messages.record({ message: task, instanceId: '' });
    const message = errorOf(task, error, { sender: ORCHESTRATOR_ID });
    messages.record({ message, instanceId: '', capability: task.capability });
    this.#sink.error(error);
  }
}
