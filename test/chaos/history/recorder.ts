import type { Troupe } from '../../../services/client/index.ts';
import { type Answer, type Call, failureOf } from './call.ts';
import { moment } from './clock.ts';

/** What callers do. */
export interface LoadPlan {
  /** The capability that they ask for. */
  capability: string;
  /** How long each call may take, in milliseconds. */
  timeoutMs: number;
  /** Calls made in a second, evenly, whether or not answers come. Default: see `inFlight`. */
  perSecond?: number;
  /** So many calls are kept in flight, in place of a fixed rate. */
  inFlight?: number;
}

/** How often a fixed rate is kept up with, in milliseconds: calls are made as many at once as have fallen due. */
const TICK_MS = 2;

/** Makes calls, and records them all. */
export class Recorder {
  readonly #troupe: Troupe;
  readonly #plan: LoadPlan;
  readonly #calls: Call[] = [];
  readonly #open = new Set<Promise<void>>();
  readonly #begun = moment();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #made = 0;

  /** Begins at once. */
  constructor(troupe: Troupe, plan: LoadPlan) {
    this.#troupe = troupe;
    this.#plan = plan;
    const { perSecond, inFlight = 0 } = plan;
    if (perSecond) this.#timer = setInterval(() => this.#catchUp(perSecond), TICK_MS);
    else for (let n = 0; n < inFlight; n++) this.#keepCalling();
  }

  /** The calls that have ended so far. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** Makes no more calls, and answers all when the last has ended. */
  async stop(): Promise<readonly Call[]> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return this.#calls;
  }

  #catchUp(perSecond: number): void {
    const due = Math.floor(((moment() - this.#begun) / 1000) * perSecond);
    while (this.#made < due) void this.#call();
  }

  async #keepCalling(): Promise<void> {
    while (!this.#stopped) await this.#call();
  }

  #call(): Promise<void> {
    const called = this.#record(this.#made++);
    this.#open.add(called);
    return called.finally(() => this.#open.delete(called));
  }

  async #record(n: number): Promise<void> {
    const { capability, timeoutMs } = this.#plan;
    const start = moment();
    try {
      const { payload, attempt } = await this.#troupe.dispatch(capability, { n }, { timeoutMs });
      const { instance } = payload as unknown as Answer;
      const ok = { outcome: 'ok', code: '', reason: '', text: '' } as const;
      this.#calls.push({ n, start, end: moment(), ...ok, instance, attempt });
    } catch (thrown) {
      this.#calls.push({ n, start, end: moment(), attempt: 0, ...failureOf(thrown) });
    }
  }
}
