import type { AgentDefinition, JsonValue, TaskContext } from '../../../services/agent/index.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';

/** One task at its agent: it does what it is told to, and nothing else. */
export class Scene {
  /** What the agent was given; settles when the work begins. */
  readonly begun: Promise<TaskContext>;
  /** Why the work was to stop; settles when its signal aborts. */
  readonly stopped: Promise<string | undefined>;
  /** Settles when the handler has ended. */
  readonly left: Promise<void>;
  readonly #begin = Promise.withResolvers<TaskContext>();
  readonly #stop = Promise.withResolvers<string | undefined>();
  readonly #leave = Promise.withResolvers<void>();
  readonly #order = Promise.withResolvers<() => JsonValue>();
  readonly #stubborn: boolean;
  #task: TaskContext | undefined;

  /** `stubborn`: does not heed its signal, and goes on until it is told how to end. */
  constructor(stubborn: boolean) {
    this.#stubborn = stubborn;
    this.begun = this.#begin.promise;
    this.stopped = this.#stop.promise;
    this.left = this.#leave.promise;
  }

  /** What the agent was given, if it was. */
  get task(): TaskContext | undefined {
    return this.#task;
  }

  /** Lets the agent tell PROGRESS. */
  progress(payload: JsonValue): void {
    this.#task?.progress(payload);
  }

  /** Lets the agent end, with what `end` answers or throws. The first order counts. */
  end(end: () => JsonValue): void {
    this.#order.resolve(end);
  }

  /** The handler. */
  async play(task: TaskContext): Promise<JsonValue> {
    this.#task = task;
    task.signal.addEventListener('abort', () => {
      this.#stop.resolve(reasonOf(task.signal.reason));
      if (!this.#stubborn) this.end(() => 'stopped');
    });
    this.#begin.resolve(task);
    try {
      const end = await this.#order.promise;
      return end();
    } finally {
      this.#leave.resolve();
    }
  }
}

/** Agents whose every task is a scene that a test set up; a task says by its `idempotency_key` which it is. */
export class Stage {
  readonly #scenes = new Map<string, Scene>();

  /** Sets up the scene of the task with that key. */
  scene(key: string, options: { stubborn: boolean }): Scene {
    const scene = new Scene(options.stubborn);
    this.#scenes.set(key, scene);
    return scene;
  }

  /** The agent of that id, which can do `<id>.play`, and `<id>.echo`. */
  agent(id: string): AgentDefinition {
    const play = (_: JsonValue, task: TaskContext) =>
      this.#scenes.get(task.message.idempotencyKey)!.play(task);
    const input = { type: ['object', 'array', 'string', 'number', 'null'] };
    return {
      id,
      capabilities: { [`${id}.play`]: { input, handle: play }, [`${id}.echo`]: { handle: (said) => said } },
    };
  }
}
