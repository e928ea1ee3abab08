import { pickByAffinity } from '../../policy/affinity.ts';
import { LatencyHistogram } from '../../policy/latency-histogram.ts';
import type { Bar, BarOf } from '../../policy/not-chosen.ts';
import { OutlierEjector } from '../../policy/outlier-ejector.ts';
import { PowerOfTwo } from '../../policy/power-of-two.ts';
import type { RetryBudget } from '../../policy/retry-budget.ts';
import { type FailedAttempt, RetryPolicy } from '../../policy/retry-policy.ts';
import type { Logger } from '../../rpc/log.ts';
import type { Connection } from '../member/connection.ts';
import { hasLabels } from '../roster/filter.ts';
import type { InstanceSet } from '../roster/instance-set.ts';
import type { Line } from './line.ts';
import { Lines } from './lines.ts';
import { Seat } from './seat.ts';
import type { Standing } from './standing.ts';
import type { Verdict } from './verdict.ts';
import type { Wish } from './wish.ts';

/** What a lane is made of. */
export interface LaneParts {
  instances: InstanceSet<Connection>;
  capability: string;
  budget: RetryBudget;
  /** What is known of an instance. */
  standingOf: (entry: Standing['entry']) => Standing;
  log: Logger;
}

/** Why an instance is passed over as long as there is another; the first list that leaves one decides. */
const LEVELS: readonly (readonly Bar[])[] = [
  ['LABELS', 'ALREADY_TRIED', 'EJECTED'],
  ['LABELS', 'EJECTED'],
  ['LABELS'],
];

/**
 * The instances that tasks of one kind go to, those of a capability, an agent or both, and what decides between
 * them: cost, affinity, health, room.
 */
export class Lane {
  /** The retries and hedges that are left to the capability. */
  readonly budget: RetryBudget;
  /** How long its tasks take. */
  readonly latencies = new LatencyHistogram();
  readonly #parts: LaneParts;
  readonly #retries: RetryPolicy;
  readonly #lines = new Lines(this);
  readonly #powerOfTwo = new PowerOfTwo(Math.random);
  readonly #ejector = new OutlierEjector<Seat>();
  #seats: Seat[] = [];
  #version = -1;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.budget = parts.budget;
    this.#retries = new RetryPolicy(parts.budget, Math.random);
  }

  /** The instances that take tasks. */
  get seats(): readonly Seat[] {
    const { instances } = this.#parts;
    if (this.#version !== instances.version) this.#takeSeats();
    return this.#seats;
  }

  /** When an instance that is out of use is to be tried, in milliseconds of the monotonic clock; Infinity where none is. */
  get nextProbeAt(): number {
    return this.#ejector.nextProbeAt;
  }

  /** Every instance, those too that take no tasks. */
  allSeats(): Seat[] {
    const seated = new Map(this.seats.map((seat) => [seat.entry, seat]));
    return [...this.#parts.instances.all].map((entry) => seated.get(entry) ?? this.#seat(entry));
  }

  /** Where a task waits for room, among those that may go to the same instances. */
  lineOf({ labels }: Wish): Line {
    return this.#lines.of(labels);
  }

  /** Where a task is to go; AT_CAPACITY where it has to wait for that; nothing where no instance may have it. */
  choose(wish: Wish, now: number): Seat | 'AT_CAPACITY' | undefined {
    return (now >= this.nextProbeAt ? this.#probe(wish, now) : undefined) ?? this.pick(wish, now);
  }

  /** The same, but that it never is a probe. */
  pick(wish: Wish, now: number): Seat | 'AT_CAPACITY' | undefined {
    const { seats } = this;
    for (const level of LEVELS) {
      const bar = this.barOf(wish, level);
      const seat =
        wish.keyHash === undefined
          ? this.#powerOfTwo.pick(seats, now, bar)
          : pickByAffinity(seats, wish.keyHash, bar);
      if (seat) return seat;
      if (seats.some((other) => bar?.(other) === undefined)) return 'AT_CAPACITY';
    }
    return undefined;
  }

  /** Whether there is an instance that the task has not been tried on. */
  isElsewhere(wish: Wish): boolean {
    const bar = this.barOf(wish, LEVELS[0]!);
    return this.seats.some((seat) => bar?.(seat) === undefined);
  }

  /**
   * In how many milliseconds to try a task again that has failed, by its verdict and what is left of the budget; nothing
   * where it is not to be tried again.
   */
  retryMs(
    wish: Wish,
    { kind, leaving, pushBackMs }: Verdict,
    task: Pick<FailedAttempt, 'idempotent' | 'remainingMs'>,
    now: number,
  ): number | undefined {
    const elsewhere = this.isElsewhere(wish);
    // One that is leaving refuses each task once, and is then passed over: there is nothing to go easy on.
    if (leaving && elsewhere) return 0;
    const failed = { ...task, attempt: wish.tried.length, kind, elsewhere, pushBackMs };
    const answer = this.#retries.after(failed, now);
    return typeof answer === 'number' ? answer : undefined;
  }

  /** Why an instance may not have a task; nothing where every one may. */
  barOf({ labels, tried }: Wish, level: readonly Bar[] = LEVELS[0]!): BarOf<Seat> | undefined {
    const someEjected = this.nextProbeAt !== Number.POSITIVE_INFINITY && level.includes('EJECTED');
    const someTried = tried.length > 0 && level.includes('ALREADY_TRIED');
    if (!labels && !someTried && !someEjected) return undefined;
    return (seat) => {
      if (labels && !hasLabels(seat.entry.card, labels)) return 'LABELS';
      if (someTried && tried.includes(seat)) return 'ALREADY_TRIED';
      return someEjected && seat.health && this.#ejector.isEjected(seat.health) ? 'EJECTED' : undefined;
    };
  }

  /** A task has been sent to an instance. */
  started(seat: Seat, now: number): void {
    seat.entry.inFlight++;
    seat.latency.started(now);
  }

  /** A task has succeeded there; `inFlight` were when it was sent. */
  succeeded(seat: Seat, startedAt: number, inFlight: number, now: number): void {
    const latencyMs = now - startedAt;
    seat.entry.inFlight--;
    seat.latency.ended('success', latencyMs, now);
    seat.standing.bears.observe(latencyMs, inFlight, now);
    this.latencies.observe(latencyMs, now);
    if (seat.health) this.#note(seat, seat.health, 'success', startedAt, now);
  }

  /** A task has failed there. */
  failed(seat: Seat, verdict: Verdict, startedAt: number, now: number): void {
    const outcome = this.#isTooHurried(verdict, now - startedAt, now) ? 'ignored' : verdict.outcome;
    seat.entry.inFlight--;
    // That a handler failed says nothing of how long the next task takes, and must not attract it.
    seat.latency.ended(outcome === 'failure' ? 'failure' : 'ignored', now - startedAt, now);
    if (verdict.overloaded) seat.standing.bears.dropped(now);
    if (seat.health) this.#note(seat, seat.health, outcome, startedAt, now);
  }

  /** The share of its last calls that an instance failed, 0 to 1. */
  failureShare({ health }: Seat, now: number): number {
    return health?.share(now) ?? 0;
  }

  /** Whether time ran out that was less than 95 of 100 tasks take: that says nothing of the instance. */
  #isTooHurried({ timedOut }: Verdict, tookMs: number, now: number): boolean {
    return timedOut && tookMs < (this.latencies.quantileMs(now) ?? 0);
  }

  #note(
    seat: Seat,
    health: NonNullable<Seat['health']>,
    outcome: Verdict['outcome'],
    startedAt: number,
    now: number,
  ) {
    const change = this.#ejector.note(health, outcome, startedAt, now);
    if (!change) return;
    const { agentId: agent, instanceId: instance } = seat.entry;
    const about = { agent, instance, capability: this.#parts.capability };
    if (change === 'EJECTED') this.#parts.log.warn(about, 'ejected: it fails too often');
    else this.#parts.log.info(about, 'taken back: it works again');
  }

  /** The ejected instance whose time has come to be tried, if the task may go there. */
  #probe(wish: Wish, now: number): Seat | undefined {
    const seat = this.#ejector.probe(now);
    if (!seat?.health) return undefined;
    const mayGo = !this.barOf(wish, ['LABELS', 'ALREADY_TRIED'])?.(seat) && seat.inFlight < seat.limit;
    if (mayGo) return seat;
    this.#ejector.note(seat.health, 'ignored', now, now);
    return undefined;
  }

  #seat(entry: Standing['entry']): Seat {
    return new Seat(this.#parts.standingOf(entry), this.#parts.capability);
  }

  #takeSeats(): void {
    const { instances } = this.#parts;
    const before = new Map(this.#seats.map((seat) => [seat.entry, seat]));
    this.#version = instances.version;
    this.#seats = instances.routable.map((entry) => {
      const seat = before.get(entry) ?? this.#seat(entry);
      before.delete(entry);
      seat.health ??= this.#ejector.join(seat);
      return seat;
    });
    for (const seat of before.values()) {
      if (seat.health) this.#ejector.leave(seat.health);
      seat.health = undefined;
    }
  }
}
