import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { Agent } from '../../../gen/troupe/v1/roster_pb.js';
import { RosterEventType } from '../../../gen/troupe/v1/roster_pb.js';
import type { Troupe } from '../../../services/client/index.ts';
import { moment } from '../history/clock.ts';

/** What the roster says of an instance: whether tasks go there, or not, or that it is not on it. */
export type Sighting = 'live' | 'draining' | 'offline' | 'absent';

/** Waits for an instance to be sighted. */
interface Waiting {
  instance: string;
  sighting: Sighting;
  found: (at: number) => void;
}

/** What is known of all instances. */
type Roster = Map<string, ReadonlyMap<string, Sighting>>;

/** How long a watch that ended waits before the next, in milliseconds: the orchestrator may be starting again. */
const AGAIN_MS = 20;

/** The roster as WatchAgents tells it, with the moments at which it did. */
export class RosterWatch {
  readonly #troupe: Troupe;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<Waiting>();
  /** By the id of the agent, then of the instance. */
  #now: Roster = new Map();

  /** Watches through `troupe` until it is closed; begins anew where the watch breaks. */
  constructor(troupe: Troupe) {
    this.#troupe = troupe;
    void this.#run();
  }

  /** What the roster says now. */
  of(instance: string): Sighting {
    for (const instances of this.#now.values()) {
      const sighting = instances.get(instance);
      if (sighting) return sighting;
    }
    return 'absent';
  }

  /**
   * The moment at which the roster says it of an instance, now or later. Infinity where that does not come within
   * `withinMs`.
   */
  async until(instance: string, sighting: Sighting, withinMs = 15_000): Promise<number> {
    if (this.of(instance) === sighting) return moment();
    const { promise, resolve } = Promise.withResolvers<number>();
    const waiting = { instance, sighting, found: resolve };
    this.#waiting.add(waiting);
    const timer = setTimeout(() => resolve(Number.POSITIVE_INFINITY), withinMs);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    });
  }

  close(): void {
    this.#stop.abort();
    this.#troupe.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const { orchestrator } = await this.#troupe.reach();
        const seen: Roster = new Map();
        for await (const { event } of orchestrator.watchAgents({}, { signal })) {
          if (event?.type === RosterEventType.SYNCED) this.#now = seen;
          else if (event?.agent) this.#note(seen, event.agent, event.type);
          this.#tell();
        }
      } catch {
        // An orchestrator that leaves ends the watch; the next one tells all anew.
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  #note(seen: Roster, agent: Agent, type: RosterEventType): void {
    const instances = type === RosterEventType.REMOVED ? [] : agent.instances;
    seen.set(agent.id, new Map(instances.map(({ instanceId, status }) => [instanceId, sightingOf(status)])));
  }

  #tell(): void {
    const at = moment();
    for (const { instance, sighting, found } of this.#waiting) {
      if (this.of(instance) === sighting) found(at);
    }
  }
}

function sightingOf(status: AgentStatus): Sighting {
  if (status === AgentStatus.OFFLINE) return 'offline';
  return status === AgentStatus.DRAINING ? 'draining' : 'live';
}
