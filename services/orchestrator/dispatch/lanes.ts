import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { RetryBudget } from '../../policy/retry-budget.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Logger } from '../../rpc/log.ts';
import type { Alarm } from '../../rpc/timer-wheel.ts';
import type { Connection } from '../member/connection.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { InstanceSet } from '../roster/instance-set.ts';
import type { Roster } from '../roster/roster.ts';
import { Lane } from './lane.ts';
import type { Line } from './line.ts';
import { Standing } from './standing.ts';

/**
 * How often at most what waits is looked at since a probe is due, in milliseconds. Ours: none that waits may be allowed
 * to go there, and the probe is due all that time.
 */
const PROBE_LOOK_MS = 50;

/** The lanes of an orchestrator: one for each set of instances that tasks go to, made when first needed. */
export class Lanes {
  readonly #roster: Roster<Connection>;
  readonly #log: Logger;
  readonly #lanes = new WeakMap<InstanceSet<Connection>, Lane>();
  readonly #budgets = new WeakMap<InstanceSet<Connection>, RetryBudget>();
  readonly #standings = new WeakMap<RosterEntry<Connection>, Standing>();
  /** The lines in which something waits, in the order of their turns. */
  readonly #crowded = new Set<Line>();
  #admitting = false;
  /** Looks at what waits when a probe is due. */
  #probeLook: Alarm | undefined;
  #probeLookAt = Number.POSITIVE_INFINITY;

  constructor(roster: Roster<Connection>, log: Logger) {
    this.#roster = roster;
    this.#log = log;
    roster.subscribe(() => this.roomMade());
  }

  /** The lane of the instances that were found for a task. */
  of(instances: InstanceSet<Connection>, task: Pick<AgentMessage, 'capability'>): Lane {
    let lane = this.#lanes.get(instances);
    if (!lane) {
      const capability = task.capability || this.#onlyCapability(instances);
      lane = new Lane({
        instances,
        capability,
        budget: this.#budgetOf(this.#roster.capability(capability) ?? instances),
        standingOf: (entry) => this.#standingOf(entry),
        log: this.#log,
      });
      this.#lanes.set(instances, lane);
    }
    return lane;
  }

  /** Something waits in a line. */
  crowded(line: Line): void {
    this.#crowded.add(line);
    this.#lookAtProbe(line);
  }

  /** An instance may have room for one more, or has come or gone: what waits is looked at once all is told. */
  roomMade(): void {
    if (this.#crowded.size === 0 || this.#admitting) return;
    this.#admitting = true;
    queueMicrotask(() => {
      this.#admitting = false;
      this.#admitWaiting();
    });
  }

  /** Lets in what waits where there is room, one of each line by turns: they may share instances. */
  #admitWaiting(): void {
    for (const line of this.#crowded) line.beginRound();
    // A Set goes on with what is added meanwhile: a line that had its turn is met again behind the others. The order stays
    // for the next time that there is room, which is mostly for one.
    for (const line of this.#crowded) {
      const hadTurn = line.admitNext();
      if (!hadTurn && line.admission.waiting > 0) continue;
      this.#crowded.delete(line);
      if (hadTurn && line.admission.waiting > 0) this.#crowded.add(line);
    }
    this.#probeLook?.cancel();
    this.#probeLookAt = Number.POSITIVE_INFINITY;
    for (const line of this.#crowded) this.#lookAtProbe(line);
  }

  /** That an instance which was out of use may be tried makes room as well, and nobody tells of it. */
  #lookAtProbe({ nextProbeAt }: Line): void {
    if (nextProbeAt >= this.#probeLookAt) return;
    const waitMs = Math.max(PROBE_LOOK_MS, nextProbeAt - performance.now());
    const look = Deadline.after(waitMs);
    if (look.at >= this.#probeLookAt) return;
    this.#probeLook?.cancel();
    this.#probeLookAt = look.at;
    this.#probeLook = look.onExpired(() => {
      this.#probeLookAt = Number.POSITIVE_INFINITY;
      this.roomMade();
    });
  }

  #onlyCapability(instances: InstanceSet<Connection>): string {
    const [entry] = instances.all;
    return entry?.connection.capability('')?.name ?? '';
  }

  /** One for each capability, whichever way its tasks come. */
  #budgetOf(instances: InstanceSet<Connection>): RetryBudget {
    let budget = this.#budgets.get(instances);
    if (!budget) {
      budget = new RetryBudget();
      this.#budgets.set(instances, budget);
    }
    return budget;
  }

  #standingOf(entry: RosterEntry<Connection>): Standing {
    let standing = this.#standings.get(entry);
    if (!standing) {
      standing = new Standing(entry);
      this.#standings.set(entry, standing);
    }
    return standing;
  }
}
