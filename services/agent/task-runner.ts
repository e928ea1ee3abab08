import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { Orchestrators } from '../client/orchestrators.ts';
import { admitMessage } from '../protocol/message.ts';
import { reasonOf, troupeError } from '../protocol/reason.ts';
import { resultOf } from '../protocol/reply.ts';
import { compileSchema, type SchemaCheck } from '../protocol/schema.ts';
import { stoppedBy, timedOut } from '../protocol/stopped.ts';
import type { TaskScope, TaskSink } from '../protocol/task-sink.ts';
import { messageDeadline } from '../protocol/ttl.ts';
import { fromValue, type JsonValue } from '../protocol/value.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { AgentDefinition, CapabilityDefinition } from './definition.ts';
import { handlerFailure, replyOf } from './handler-failure.ts';
import type { History } from './history.ts';
import { LazyAbort } from './lazy-abort.ts';
import type { Tally } from './tally.ts';
import { TaskContext } from './task-context.ts';

/** A capability, ready to be worked with. */
interface Skill {
  name: string;
  definition: CapabilityDefinition;
  check: SchemaCheck | undefined;
}

/** A task that was admitted, and where its end is told. */
interface Admitted {
  task: AgentMessage;
  skill: Skill;
  input: JsonValue;
  sink: TaskSink;
  scope: TaskScope;
  noteEnd: (error?: RpcError) => void;
}

/**
 * Works on an instance's tasks: refuses what must be refused before any work, runs the handler, answers into
 * the sink.
 */
export class TaskRunner {
  readonly #definition: AgentDefinition;
  readonly #skills: ReadonlyMap<string, Skill>;
  readonly #orchestrators: Orchestrators;
  readonly #tally: Tally;
  readonly #history: History;

  private constructor(
    definition: AgentDefinition,
    skills: readonly Skill[],
    parts: { orchestrators: Orchestrators; tally: Tally; history: History },
  ) {
    this.#definition = definition;
    this.#skills = new Map(skills.map((skill) => [skill.name, skill]));
    this.#orchestrators = parts.orchestrators;
    this.#tally = parts.tally;
    this.#history = parts.history;
  }

  /** Compiles the schemas; one that is none is INVALID_MESSAGE. */
  static async create(
    definition: AgentDefinition,
    parts: { orchestrators: Orchestrators; tally: Tally; history: History },
  ): Promise<TaskRunner> {
    const skills = Object.entries(definition.capabilities).map(async ([name, capability]) => ({
      name,
      definition: capability,
      check: capability.input && (await compileSchema(capability.input)),
    }));
    return new TaskRunner(definition, await Promise.all(skills), parts);
  }

  /** Works on a task. It never throws: every way to fail goes to the sink. */
  run(task: AgentMessage, sink: TaskSink, scope: TaskScope): void {
    task.receiver ||= this.#definition.id;
    const noteEnd = this.#history.note(task);
    this.#tally.received();
    try {
      const skill = this.#skill(task);
      const deadline = messageDeadline(task, {
        callDeadline: scope.deadline,
        defaultTtlMs: skill.definition.defaultTtlMs,
      });
      const { signal, log } = scope;
      const input = this.#admit(task, skill, { signal, deadline });
      void this.#work({ task, skill, input, sink, scope: { signal, log, deadline }, noteEnd });
    } catch (thrown) {
      const error = RpcError.from(thrown);
      this.#tally.refused();
      noteEnd(error);
      sink.error(error);
    }
  }

  #skill(task: AgentMessage): Skill {
    const { id } = this.#definition;
    const [only] = this.#skills.values();
    const skill =
      task.capability === '' && this.#skills.size === 1 ? only : this.#skills.get(task.capability);
    if (skill) return skill;
    const text =
      task.capability === ''
        ? `A task for ${id} has to name a capability: ${[...this.#skills.keys()].join(', ')}.`
        : `${id} has no capability ${task.capability}. It has: ${[...this.#skills.keys()].join(', ')}.`;
    throw troupeError('CAPABILITY_NOT_FOUND', text, { agent: id, capability: task.capability });
  }

  /** Refuses a task before any work on it, or answers its input. */
  #admit(
    task: AgentMessage,
    { name, check }: Skill,
    { signal, deadline }: Pick<TaskScope, 'signal' | 'deadline'>,
  ): JsonValue {
    const about = { agent: this.#definition.id, capability: name };
    if (this.#tally.draining) {
      throw troupeError('DRAINING', 'This instance is about to leave and takes nothing new.', about);
    }
    admitMessage(task);
    if (signal.aborted) throw stoppedBy(signal);
    if (deadline.expired) {
      throw troupeError('MESSAGE_EXPIRED', 'The task had expired before any work on it began.', about);
    }
    const { maxConcurrency = 0 } = this.#definition;
    if (maxConcurrency > 0 && this.#tally.inFlight >= maxConcurrency) {
      const text = `This instance works on ${maxConcurrency} tasks at once: wait until one has ended.`;
      throw troupeError('OVERLOADED', text, about);
    }
    const input = fromValue(task.payload);
    const violations = check?.(input) ?? [];
    if (violations.length > 0) {
      const { field, description } = violations[0]!;
      const text = `The payload does not meet the input schema of ${name}: ${field} ${description}.`;
      throw troupeError('INVALID_PAYLOAD', text, { ...about, violations });
    }
    return input;
  }

  async #work({ task, skill, input, sink, scope, noteEnd }: Admitted): Promise<void> {
    this.#tally.started();
    const { deadline, log } = scope;
    const stop = new LazyAbort();
    // Nobody waits for a handler that does not heed its signal; it stays in flight until it has really ended.
    const end = (reason: RpcError) => {
      stop.abort(reason);
      sink.error(reason);
    };
    const onStop = () => end(stoppedBy(scope.signal));
    scope.signal.addEventListener('abort', onStop, { once: true });
    const alarm = deadline.onExpired(() => end(timedOut()));
    try {
      const context = new TaskContext(task, { stop, deadline, log }, this.#orchestrators, sink);
      const payload = (await skill.definition.handle(input, context)) ?? null;
      if (stop.reason) throw stop.reason;
      const result = replyOf(() => resultOf(task, payload));
      result.attachments.push(...context.attachments);
      this.#tally.ended('done');
      noteEnd();
      sink.result(result);
    } catch (thrown) {
      const about = { agent: this.#definition.id, capability: skill.name };
      const error = stop.reason ?? handlerFailure(thrown, about);
      this.#tally.ended(reasonOf(error) === 'TASK_CANCELLED' ? 'cancelled' : 'failed');
      noteEnd(error);
      sink.error(error);
    } finally {
      alarm.cancel();
      scope.signal.removeEventListener('abort', onStop);
    }
  }
}
