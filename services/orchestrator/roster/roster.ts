import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { Deadline } from '../../rpc/deadline.ts';
import { Expiry } from '../expiry.ts';
import { CapabilityIndex } from './capability-index.ts';
import { type NewInstance, type RosterEntry, rosterEntry } from './entry.ts';
import type { InstanceSet } from './instance-set.ts';
import { RosterAgent } from './roster-agent.ts';

/** How a roster keeps its instances. */
export interface RosterOptions {
  /** How long an instance that stays OFFLINE is kept, in milliseconds. Default: 60,000. */
  graceMs?: number;
}

/** A change of the roster, as its subscribers hear of it. */
export interface RosterChange<C> {
  /** ADDED: its first instance joined. REMOVED: its last one left. CHANGED: anything between. */
  readonly type: 'ADDED' | 'CHANGED' | 'REMOVED';
  /** The agent as it is now; without instances where REMOVED. */
  readonly agent: RosterAgent<C>;
}

/** Hears of each change, at once and in order. It must not change the roster itself, nor throw. */
export type RosterListener<C> = (change: RosterChange<C>) => void;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The orchestrator's live table of agents, instances, capabilities and status. It is in memory, does no I/O,
 * and every reader and writer answers at once; finding the instances of an agent or a capability costs the
 * same however many there are. `C` is what a task is handed to: the connection to an instance.
 *
 * Writers hold the entry that `put` gave them. One that was replaced or has left meanwhile is no longer
 * theirs to change: what they then do has no effect.
 */
export class Roster<C> {
  readonly #instances = new Map<string, RosterEntry<C>>();
  readonly #addresses = new Map<string, RosterEntry<C>>();
  readonly #agents = new Map<string, RosterAgent<C>>();
  readonly #capabilities = new CapabilityIndex<C>();
  readonly #listeners = new Set<RosterListener<C>>();
  readonly #offline: Expiry<RosterEntry<C>>;

  constructor(options: RosterOptions = {}) {
    this.#offline = new Expiry({
      afterMs: options.graceMs ?? 60_000,
      onExpired: (entry) => this.remove(entry),
    });
  }

  /** The agents on the roster, in no order, those without a live instance too. */
  get agents(): ReadonlyMap<string, RosterAgent<C>> {
    return this.#agents;
  }

  /** The agent of that id; nothing where it is not known. */
  agent(id: string): RosterAgent<C> | undefined {
    return this.#agents.get(id);
  }

  /** The instances, of whichever agent, that have that capability; nothing where it is not known. */
  capability(name: string): InstanceSet<C> | undefined {
    return this.#capabilities.get(name);
  }

  /** The names of the capabilities that instances on the roster have, in no order. */
  capabilities(): Iterable<string> {
    return this.#capabilities.names();
  }

  /** The instance of that id; nothing where it is not known. */
  instance(id: string): RosterEntry<C> | undefined {
    return this.#instances.get(id);
  }

  /** The instance at an address, `host:port`; nothing where none is known there. */
  at(address: string): RosterEntry<C> | undefined {
    return this.#addresses.get(address);
  }

  /** Takes an instance in. It takes the place of the one at its address, and of the one with its id. */
  put(instance: NewInstance<C>): RosterEntry<C> {
    const entry = rosterEntry(instance, instance.status ?? AgentStatus.IDLE);
    const known = this.#agents.has(entry.agentId);
    const displaced = [this.#addresses.get(entry.address), this.#instances.get(entry.instanceId)];
    // First in, then out: the sets of an agent that has no other instance stay the same, with all that is known of
    // them.
    const agent = this.#attach(entry);
    const left = new Set(displaced.map((old) => old && this.#detach(old)));

    for (const other of left) {
      if (other && other.id !== agent.id) this.#tellLeft(other);
    }
    this.#tell({ type: known ? 'CHANGED' : 'ADDED', agent });
    return entry;
  }

  /**
   * Notes what an instance was heard to be doing. OFFLINE means that it cannot be reached: it is no longer
   * routed to from now on, and leaves the roster unless it gets another status within the grace time.
   */
  setStatus(entry: RosterEntry<C>, status: AgentStatus): void {
    if (!this.#holds(entry)) return;
    if (status !== AgentStatus.OFFLINE) this.touch(entry);
    if (entry.status === status) return;
    const own: Mutable<RosterEntry<C>> = entry;
    own.status = status;
    this.#tell({ type: 'CHANGED', agent: this.#attach(entry) });
  }

  /**
   * Notes that an instance was heard of just now, and the new end of its lease where it holds one. No change.
   */
  touch(entry: RosterEntry<C>, lease: Deadline | undefined = entry.lease): void {
    if (!this.#holds(entry)) return;
    const own: Mutable<RosterEntry<C>> = entry;
    own.lastSeenAt = Date.now();
    own.lease = lease;
  }

  /** Takes an instance off the roster at once. */
  remove(entry: RosterEntry<C>): void {
    if (this.#holds(entry)) this.#tellLeft(this.#detach(entry));
  }

  /** Calls `listener` at each change from now on, until the function that it returns is called. */
  subscribe(listener: RosterListener<C>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops the clock: no instance leaves for being OFFLINE any more. */
  close(): void {
    this.#offline.clear();
  }

  #holds(entry: RosterEntry<C>): boolean {
    return this.#instances.get(entry.instanceId) === entry;
  }

  /** Enters an instance everywhere, or its new status. */
  #attach(entry: RosterEntry<C>): RosterAgent<C> {
    let agent = this.#agents.get(entry.agentId);
    if (!agent) {
      agent = new RosterAgent(entry.agentId);
      this.#agents.set(agent.id, agent);
    }
    this.#instances.set(entry.instanceId, entry);
    this.#addresses.set(entry.address, entry);
    this.#capabilities.put(entry);
    agent.put(entry);
    if (entry.status === AgentStatus.OFFLINE) this.#offline.set(entry);
    else this.#offline.delete(entry);
    return agent;
  }

  /** Strikes an instance everywhere, and its agent if it was the last. */
  #detach(entry: RosterEntry<C>): RosterAgent<C> | undefined {
    if (this.#holds(entry)) this.#instances.delete(entry.instanceId);
    if (this.#addresses.get(entry.address) === entry) this.#addresses.delete(entry.address);
    this.#capabilities.delete(entry);
    this.#offline.delete(entry);
    const agent = this.#agents.get(entry.agentId);
    agent?.delete(entry);
    if (agent?.instances.all.size === 0) this.#agents.delete(agent.id);
    return agent;
  }

  #tellLeft(agent: RosterAgent<C> | undefined): void {
    if (agent) this.#tell({ type: agent.instances.all.size === 0 ? 'REMOVED' : 'CHANGED', agent });
  }

  #tell(change: RosterChange<C>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
