import { closest, distance } from 'fastest-levenshtein';
import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { MAX_NAME_CHARACTERS } from '../../protocol/labels.ts';
import { troupeError } from '../../protocol/reason.ts';
import { stoppedBy } from '../../protocol/stopped.ts';
import type { TaskScope } from '../../protocol/task-sink.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import type { Connection } from '../member/connection.ts';
import type { InstanceSet } from '../roster/instance-set.ts';
import type { Roster } from '../roster/roster.ts';
import { whenKnown } from '../roster/when-known.ts';

/** How long a task waits for an agent or capability that is not known yet, in milliseconds. */
const UNKNOWN_WAIT_MS = 2000;

/** How many do so at once; to those beyond, it is not known. Ours: as many as may wait in a lane. */
const MAX_UNKNOWN_WAITING = 1000;

/** Finds the instances that a task may go to: of its receiver where it names one, else of its capability. */
export class Router {
  readonly #roster: Roster<Connection>;
  /** Until then agents may still be on their way to announce themselves. */
  readonly #settled: Deadline;
  /** How many tasks wait for a name to become known. */
  #waiting = 0;

  /** `settleMs`: for how long after the start an unknown name is waited for, in milliseconds; one lease. */
  constructor(roster: Roster<Connection>, settleMs: number) {
    this.#roster = roster;
    this.#settled = Deadline.after(settleMs);
  }

  /**
   * The instances for a task, live or not. Fails AGENT_NOT_FOUND or CAPABILITY_NOT_FOUND; INVALID_MESSAGE
   * where the task names neither receiver nor capability.
   */
  async find(
    task: AgentMessage,
    scope: Pick<TaskScope, 'signal' | 'deadline'>,
  ): Promise<InstanceSet<Connection>> {
    return this.look(task) ?? this.wait(task, scope);
  }

  /**
   * The instances for a task, live or not; nothing where its receiver or capability is not known, or not yet.
   * INVALID_MESSAGE where the task names neither.
   */
  look({ receiver, capability }: AgentMessage): InstanceSet<Connection> | undefined {
    if (receiver !== '') {
      const agent = this.#roster.agent(receiver);
      return capability === '' ? agent?.instances : agent?.capabilities.get(capability);
    }
    if (capability !== '') return this.#roster.capability(capability);
    const text = 'A task needs a capability to be dispatched by, or a receiver to be sent to.';
    throw troupeError('INVALID_MESSAGE', text, {
      violations: [{ field: 'capability', description: 'is empty, and so is receiver' }],
    });
  }

  /**
   * The same where they are not known yet: shortly after the start they are waited for, by 1,000 at once. Fails
   * AGENT_NOT_FOUND or CAPABILITY_NOT_FOUND.
   */
  async wait(
    task: AgentMessage,
    { signal, deadline }: Pick<TaskScope, 'signal' | 'deadline'>,
  ): Promise<InstanceSet<Connection>> {
    if (this.#settled.expired || this.#waiting >= MAX_UNKNOWN_WAITING) throw this.#unknown(task);
    const timeoutMs = Math.min(UNKNOWN_WAIT_MS, deadline.remainingMs * 0.9);
    const target = { agentId: task.receiver, capability: task.capability };
    this.#waiting++;
    try {
      await whenKnown(this.#roster, target, { signal, timeoutMs });
    } catch (error) {
      throw signal.aborted ? stoppedBy(signal) : error;
    } finally {
      this.#waiting--;
    }
    const found = this.look(task);
    if (!found) throw this.#unknown(task);
    return found;
  }

  #unknown({ receiver, capability }: AgentMessage): RpcError {
    const agent = this.#roster.agent(receiver);
    if (receiver !== '' && !agent) {
      const text = `No agent ${receiver} is on the roster.${hint(receiver, this.#roster.agents.keys())}`;
      return troupeError('AGENT_NOT_FOUND', text, { agent: receiver });
    }
    const names = agent ? agent.capabilities.names() : this.#roster.capabilities();
    const who = agent ? `${receiver} has no` : 'No agent on the roster has a';
    const text = `${who} capability ${capability}.${hint(capability, names)}`;
    return troupeError('CAPABILITY_NOT_FOUND', text, { agent: receiver, capability });
  }
}

/** The error of a task that is known where to send, but of whose instances none takes it. */
export function noLiveInstance({ receiver: agent, capability, routing }: AgentMessage): RpcError {
  const labels = Object.entries(routing?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const which = labels.length > 0 ? ` with the labels ${labels.join(', ')}` : '';
  const text =
    which === ''
      ? `Every instance of ${agent || capability} is draining or cannot be reached. Try again in a moment.`
      : `No instance of ${agent || capability}${which} can be reached and takes tasks. ListAgents tells which labels each instance has.`;
  return troupeError('NO_LIVE_INSTANCE', text, { agent, capability });
}

/** A name that is like the one asked for, where there is one; else where to look. */
function hint(asked: string, names: Iterable<string>): string {
  // What comparing costs grows with the length, and it is done at once: what is longer than any name may be is none misspelt.
  const known = asked.length > MAX_NAME_CHARACTERS ? [] : [...names];
  const near = known.length > 0 ? closest(asked, known) : '';
  if (near !== '' && distance(asked, near) <= Math.max(2, asked.length / 3)) return ` Did you mean ${near}?`;
  return ' ListAgents tells who is there.';
}
