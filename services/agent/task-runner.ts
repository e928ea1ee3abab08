import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { Orchestrators } from '../client/orchestrators.ts';
import { fieldPath } from '../protocol/field-path.ts';
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
import { handlerFailure, saidBy } from './handler-failure.ts';
import type { History } from './history.ts';
import { LazyAbort } from './lazy-abort.ts';
import { logFailure } from './log-failure.ts';
import type { Tally } from './tally.ts';
import { TaskContext } from './task-context.ts';
import { WaitingRoom } from './waiting-room.ts';

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
  /** Where tasks over the limit wait; nothing where there is no limit. */
  readonly #room: WaitingRoom<Admitted> | undefined;

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
    this.#room = this.#makeRoom();
  }

  /** Compiles the schemas, also those of outputs, which are for readers; one that is none is INVALID_MESSAGE. */
  static async create(
    definition: AgentDefinition,
    parts: { orchestrators: Orchestrators; tally: Tally; history: History },
  ): Promise<TaskRunner> {
    const skills = Object.entries(definition.capabilities).map(async ([name, capability]) => {
      const fieldOf = (key: string) => fieldPath('capabilities', [name, key]);
      const { input, output } = capability;
      if (output) await compileSchema(output, fieldOf('output'));
      const check = input && (await compileSchema(input, fieldOf('input')));
      return { name, definition: capability, check };
    });
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
      this.#admit(task, skill, { signal, deadline });
      const admitted = { task, skill, sink, scope: { signal, log, deadline }, noteEnd };
      if (!this.#room || this.#room.enter()) this.#start(admitted);
      else this.#room.wait(admitted, task.sender, admitted.scope);
    } catch (thrown) {
      this.#refuse({ sink, noteEnd }, RpcError.from(thrown));
    }
  }

  /** Hands back, DRAINING, what waits. What is worked on goes on. */
  drain(): void {
    this.#room?.drain();
  }

  /** Begins the work on a task, unless its payload is not what it has to be. */
  #start(admitted: Admitted): void {
    let input: JsonValue;
    try {
      input = this.#input(admitted.task, admitted.skill);
    } catch (thrown) {
      this.#refuse(admitted, RpcError.from(thrown));
      return this.#room?.ended(undefined);
    }
    void this.#work(admitted, input);
  }

  /** Tells of a task on which no work was done. */
  #refuse({ sink, noteEnd }: Pick<Admitted, 'sink' | 'noteEnd'>, error: RpcError): void {
    this.#tally.refused();
    noteEnd(error);
    sink.error(error);
  }

  #makeRoom(): WaitingRoom<Admitted> | undefined {
    const { id: agent, maxConcurrency: limit = 0, maxWaiting } = this.#definition;
    if (limit === 0) return undefined;
    return new WaitingRoom({
      limit,
      maxWaiting,
      about: { agent },
      start: (admitted) => this.#start(admitted),
      refuse: (admitted, error) => this.#refuse(admitted, error),
    });
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

  /** Refuses what nobody need wait for. */
  #admit(
    task: AgentMessage,
    { name }: Skill,
    { signal, deadline }: Pick<TaskScope, 'signal' | 'deadline'>,
  ): void {
    const about = { agent: this.#definition.id, capability: name };
    if (this.#tally.draining) {
      throw troupeError('DRAINING', 'This instance is about to leave and takes nothing new.', about);
    }
    admitMessage(task);
    if (signal.aborted) throw stoppedBy(signal);
    if (deadline.expired) {
      throw troupeError('MESSAGE_EXPIRED', 'The task had expired before any work on it began.', about);
    }
  }

  /** The payload of a task; INVALID_PAYLOAD where it is no JSON, or does not meet the schema. */
  #input(task: AgentMessage, { name, check }: Skill): JsonValue {
    const input = fromValue(task.payload);
    const violations = check?.(input) ?? [];
    if (violations.length > 0) {
      const { field, description } = violations[0]!;
      const text = `The payload does not meet the input schema of ${name}: ${field} ${description}.`;
      const about = { agent: this.#definition.id, capability: name };
      throw troupeError('INVALID_PAYLOAD', text, { ...about, violations });
    }
    return input;
  }

  async #work({ task, skill, sink, scope, noteEnd }: Admitted, input: JsonValue): Promise<void> {
    this.#tally.started();
    const startedAt = this.#room ? performance.now() : 0;
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
    let result: AgentMessage | undefined;
    let error: RpcError | undefined;
    try {
      const context = new TaskContext(task, { stop, deadline, log }, this.#orchestrators, sink);
      const payload = (await skill.definition.handle(input, context)) ?? null;
      if (stop.reason) throw stop.reason;
      result = saidBy(() => resultOf(task, payload));
      result.attachments.push(...context.attachments);
    } catch (thrown) {
      error = stop.reason ?? handlerFailure(thrown, { agent: this.#definition.id, capability: skill.name });
      if (!stop.reason) logFailure(log, task, error);
    }
    alarm.cancel();
    scope.signal.removeEventListener('abort', onStop);
    const reason = error && reasonOf(error);
    this.#tally.ended(!error ? 'done' : reason === 'TASK_CANCELLED' ? 'cancelled' : 'failed');
    noteEnd(error);
    if (error) sink.error(error);
    else sink.result(result!);
    // One that was cut short or failed early does not tell how long others will take; one that took too long does.
    const tells = !error || reason === 'TASK_TIMED_OUT';
    this.#room?.ended(tells ? performance.now() - startedAt : undefined);
  }
}
