import { randomUUID } from 'node:crypto';
import { troupeError } from '../../../services/agent/index.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { ambiguousFailures, failures } from './failures.ts';
import { type Heard, inWords, isEnd } from './heard.ts';
import type { Part } from './script.ts';
import type { Scene, Stage } from './stage.ts';
import type { Way } from './ways.ts';

/** How long anything may take before it counts as lost, in milliseconds. */
const PATIENCE_MS = 5000;

/** One task of a script on one way: its caller and its agent, step by step. */
export class Role {
  readonly part: Part;
  /** By which its records are found in the message log. */
  readonly key: string;
  /** All that its caller heard. */
  readonly heard: Heard[] = [];
  /** What the sender of the copy heard. */
  readonly copyHeard: Heard[] = [];
  readonly #way: Way;
  readonly #scene: Scene;
  readonly #copy: Scene;
  readonly #id = randomUUID();
  readonly #cancel = new AbortController();
  readonly #steps: (() => Promise<void> | void)[];
  #stopped: string | undefined;
  #wake = () => {};

  constructor(part: Part, way: Way, stage: Stage, key: string) {
    this.part = part;
    this.key = key;
    this.#way = way;
    this.#scene = stage.scene(key, part);
    this.#copy = stage.scene(`${key} again`, part);
    void this.#scene.stopped.then((reason) => {
      this.#stopped = reason ?? 'for no reason';
    });
    const { progress, after, copied, end } = part;
    this.#steps =
      end === 'refused'
        ? [() => this.#ask()]
        : [
            () => this.#ask(),
            ...(copied ? [() => this.#askAgain()] : []),
            ...progress.map((_, n) => () => this.#tell(n)),
            () => this.#end(),
            ...after.map((what) => () => this.#tryToo(what)),
          ];
  }

  /** Whether every step was taken. */
  get done(): boolean {
    return this.#steps.length === 0;
  }

  /** Takes the next step, and waits for what comes of it. */
  async step(): Promise<void> {
    const step = this.#steps.shift();
    if (step) await step();
  }

  /** Cancels the task, or tries to. */
  cancel(): void {
    this.#cancel.abort(troupeError('TASK_CANCELLED', 'Changed my mind.'));
  }

  /** Sends the task; waits for nothing. */
  send(): void {
    const { signal } = this.#cancel;
    this.#way.send(this.part, { key: this.key, id: this.#id, signal, hear: (heard) => this.#hear(heard) });
  }

  /** Lets the agent tell PROGRESS, if it has begun. */
  progress(n: number): void {
    this.#scene.progress(n);
  }

  /** Lets the agent end with its result. */
  finish(): void {
    const { result, attaches, failure, end } = this.part;
    this.#scene.end(() => {
      if (end === 'failure') return { ...failures, ...ambiguousFailures }[failure]!();
      for (const name of attaches) {
        this.#scene.task?.attach({ name, content: { case: 'data', value: Buffer.from(name) } });
      }
      return result;
    });
  }

  /** Waits for the end. */
  ended(): Promise<void> {
    return this.#until('its end', () => this.heard.some(isEnd));
  }

  /** Ends all that is still being worked on. */
  async curtain(): Promise<void> {
    for (const scene of [this.#scene, this.#copy]) {
      scene.end(() => 'late');
      if (scene.task) await this.#patiently('its handler', scene.left);
    }
    if (this.part.copied) await this.#until('the end of its copy', () => this.copyHeard.some(isEnd));
  }

  /** What its agent saw of it; nothing where it was never asked. */
  get seen() {
    const { task } = this.#scene;
    if (!task) return undefined;
    const { payload, sender, headers, attachments, task: text, hops, attempt } = task.message;
    return {
      payload: fromValue(payload),
      documents: attachments.map(inWords),
      stopped: this.#stopped,
      ...{ sender, headers, text, hops, attempt },
    };
  }

  async #ask(): Promise<void> {
    this.send();
    await this.#until('its beginning', () => this.#scene.task !== undefined || this.heard.some(isEnd));
    if (this.part.end === 'refused') await this.ended();
  }

  async #askAgain(): Promise<void> {
    const { signal } = new AbortController();
    const key = `${this.key} again`;
    const hear = (heard: Heard) => this.#hear(heard, this.copyHeard);
    this.#way.send(this.part, { key, id: this.#id, signal, hear });
    await this.#until('its copy', () => this.#copy.task !== undefined || this.copyHeard.some(isEnd));
  }

  async #tell(n: number): Promise<void> {
    this.#scene.progress(this.part.progress[n]!);
    if (!this.#way.tells) return;
    await this.#until(`PROGRESS ${n + 1}`, () => this.heard.length > n || this.heard.some(isEnd));
  }

  async #end(): Promise<void> {
    const { end } = this.part;
    if (end === 'cancel') this.cancel();
    else if (end !== 'deadline') this.finish();
    await this.ended();
    const stops = end === 'cancel' || end === 'deadline';
    if (stops && this.#scene.task) await this.#patiently('its stop at the agent', this.#scene.stopped);
  }

  #tryToo(what: Part['after'][number]): void {
    if (what === 'cancel') this.cancel();
    else if (what === 'progress') this.#scene.progress('late');
    else this.#scene.end(() => 'late');
  }

  #hear(heard: Heard, where = this.heard): void {
    where.push(heard);
    this.#wake();
  }

  async #until(what: string, done: () => boolean): Promise<void> {
    // What the agent sees wakes nobody by itself.
    void this.#scene.begun.then(() => this.#wake());
    void this.#copy.begun.then(() => this.#wake());
    while (!done()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#patiently(what, woken);
    }
  }

  async #patiently(what: string, promise: Promise<unknown>): Promise<void> {
    const waited = Promise.withResolvers<never>();
    const lost = () =>
      waited.reject(new Error(`${this.#way.name}: ${what} was lost. Heard: ${JSON.stringify(this.heard)}`));
    const timer = setTimeout(lost, PATIENCE_MS);
    try {
      await Promise.race([promise, waited.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
