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
import type { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { AgentDefinition, CapabilityDefinition } from './definition.ts';
import type { History } from './history.ts';
import type { Tally } from './tally.ts';
import { TaskContext } from './task-context.ts';

/** A capability, ready to be worked with. */
interface Skill {
  name: string;
  definition: CapabilityDefinition;
  check: SchemaCheck | undefined;
}

/** A task that was admitted. */
interface Admitted {
  skill: Skill;
  input: JsonValue;
}

/** Works on an instance's tasks: refuses what must be refused before any work, runs the handler, answers into the sink. */
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
      const input = this.#admit(task, skill, deadline);
      const { signal, log } = scope;
      void this.#work(task, { skill, input }, sink, { signal, log, deadline }, noteEnd);
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
  #admit(task: AgentMessage, { name, check }: Skill, deadline: Deadline): JsonValue {
    const about = { agent: this.#definition.id, capability: name };
    if (this.#tally.draining) {
      throw troupeError('DRAINING', 'This instance is about to leave and takes nothing new.', about);
    }
    admitMessage(task);
    if (deadline.expired) {
      throw troupeError('MESSAGE_EXPIRED', 'The task had expired before any work on it began.', about);
    }
    const { maxConcurrency = 0 } = this.#definition;
    if (maxConcurrency > 0 && this.#tally.inFlight >= maxConcurrency) {
      const text = `This instance works on ${maxConcurrency} tasks at once, and takes no more until one has ended.`;
      throw troupeError('OVERLOADED', text, about);
    }
    const input = fromValue(task.payload);
    const violations = check?.(input) ?? [];
    if (violations.length > 0) {
      const text = `The payload does not meet the input schema of ${name}: ${violations[0]!.field} ${violations[0]!.description}.`;
      throw troupeError('INVALID_PAYLOAD', text, { ...about, violations });
    }
    return input;
  }

  async #work(
    task: AgentMessage,
    { skill, input }: Admitted,
    sink: TaskSink,
    scope: TaskScope,
    noteEnd: (error?: RpcError) => void,
  ): Promise<void> {
    this.#tally.started();
    const timeUp = new AbortController();
    const forgetDeadline = scope.deadline.onExpired(() => timeUp.abort(timedOut()));
    const signal = AbortSignal.any([scope.signal, timeUp.signal]);
    const log = scope.log.child({ task: task.id, capability: skill.name });
    const taskScope = { signal, log, deadline: scope.deadline };
    const context = new TaskContext(task, taskScope, this.#orchestrators, (message) =>
      sink.progress(message),
    );
    // Nobody waits for a handler that does not heed its signal; it stays in flight until it has really ended.
    const onStop = () => sink.error(stoppedBy(signal));
    signal.addEventListener('abort', onStop, { once: true });
    try {
      const payload = (await skill.definition.handle(input, context)) ?? null;
      const result = this.#result(task, payload, context);
      this.#tally.ended('done');
      noteEnd();
      sink.result(result);
    } catch (thrown) {
      const error = signal.aborted ? stoppedBy(signal) : this.#failure(thrown, skill);
      this.#tally.ended(reasonOf(error) === 'TASK_CANCELLED' ? 'cancelled' : 'failed');
      noteEnd(error);
      sink.error(error);
    } finally {
      forgetDeadline();
      signal.removeEventListener('abort', onStop);
    }
  }

  /** A handler that answers what is no JSON has failed: the caller's own payload was not at fault. */
  #result(task: AgentMessage, payload: JsonValue, { attachments }: TaskContext): AgentMessage {
    try {
      return resultOf(task, payload, { attachments: [...attachments] });
    } catch (error) {
      throw new Error(`it answered what is no JSON: ${RpcError.from(error).message}`, { cause: error });
    }
  }

  /** What a handler threw: an RpcError is its own word, anything else is HANDLER_FAILED. */
  #failure(thrown: unknown, { name }: Skill): RpcError {
    if (thrown instanceof RpcError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return troupeError('HANDLER_FAILED', `${this.#definition.id} failed at ${name}: ${text}`, {
      agent: this.#definition.id,
      capability: name,
      cause: thrown,
    });
  }
}
