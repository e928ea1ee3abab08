import { LatencyEstimate } from '../../services/policy/latency-estimate.ts';
import type { BarOf } from '../../services/policy/not-chosen.ts';
import type { Outcome } from '../../services/policy/outcome.ts';
import { PowerOfTwo } from '../../services/policy/power-of-two.ts';
import { stringHash } from '../../services/policy/string-hash.ts';
import type { Simulation } from './simulation.ts';

/** An instance that answers after some time, well or not. */
export class SimulatedInstance {
  readonly id: string;
  readonly latency = new LatencyEstimate();
  readonly hash: number;
  readonly joinedAt: number;
  inFlight = 0;
  limit = 0;
  calls = 0;
  /** How long the next call takes. */
  serviceMs: () => number;
  /** The share of calls that fail, and how long those take. */
  failing = { share: 0, ms: 1 };

  constructor(id: string, joinedAt: number, serviceMs: () => number) {
    this.id = id;
    this.hash = stringHash(id);
    this.joinedAt = joinedAt;
    this.serviceMs = serviceMs;
  }
}

/** A call that has ended. */
export interface EndedCall {
  instance: SimulatedInstance;
  outcome: Outcome;
  startedAt: number;
  ms: number;
}

/** How a call is made. */
export interface CallOptions {
  to?: SimulatedInstance | undefined;
  not?: SimulatedInstance;
  /** Told when it has ended. Default: the mesh's own. */
  onEnded?: (call: EndedCall) => void;
}

/** Tasks, spread over instances by the power of two choices. */
export class SimulatedMesh {
  readonly ended: EndedCall[] = [];
  instances: SimulatedInstance[] = [];
  /** Keeps instances from being chosen. */
  bar: BarOf<SimulatedInstance> = () => undefined;
  /** Told of every call that ended. */
  onEnded: (call: EndedCall) => void = () => {};
  readonly #simulation: Simulation;
  readonly #balancer: PowerOfTwo;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#balancer = new PowerOfTwo(simulation.random);
  }

  /** Adds an instance that takes between `leastMs` and as much again. */
  join(id: string, leastMs = 5): SimulatedInstance {
    const { now, random } = this.#simulation;
    const instance = new SimulatedInstance(id, now, () => leastMs * (1 + random()));
    this.instances = [...this.instances, instance];
    return instance;
  }

  leave(instance: SimulatedInstance): void {
    this.instances = this.instances.filter((other) => other !== instance);
  }

  /** Sends a task to `to`, or to whom the balancer chooses but for `not`. */
  call({ to, not, onEnded = this.onEnded }: CallOptions = {}): void {
    const startedAt = this.#simulation.now;
    const bar: BarOf<SimulatedInstance> = (one) => (one === not ? 'ALREADY_TRIED' : this.bar(one));
    const instance = to ?? this.#balancer.pick(this.instances, startedAt, bar);
    if (!instance) return;
    const fails = this.#simulation.random() < instance.failing.share;
    const ms = fails ? instance.failing.ms : instance.serviceMs();
    instance.calls++;
    instance.inFlight++;
    instance.latency.started(startedAt);
    this.#simulation.after(ms, () => {
      const outcome = fails ? 'failure' : 'success';
      instance.inFlight--;
      instance.latency.ended(outcome, ms, this.#simulation.now);
      const call = { instance, outcome, startedAt, ms } as const;
      this.ended.push(call);
      onEnded(call);
    });
  }

  /** The latencies of the calls that began from then on. */
  latencies(sinceMs = 0): number[] {
    return this.ended.filter(({ startedAt }) => startedAt >= sinceMs).map(({ ms }) => ms);
  }
}
