import type { AgentCard, Capability } from '../../../gen/troupe/v1/agent_card_pb.js';
import type { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { Deadline } from '../../rpc/deadline.ts';

/**
 * An instance on the roster. Readers get the entry itself and see it change; once another took its place, or
 * it has left, it stays as it last was. `C` is what a task is handed to: the connection to the instance.
 */
export interface RosterEntry<C> {
  /** The agent that it serves: the `id` of its card. */
  readonly agentId: string;
  /** The `instance_id` of its card. */
  readonly instanceId: string;
  /** Where the orchestrator reaches it, `host:port`. No two entries share one. */
  readonly address: string;
  /** How the orchestrator came to know it. */
  readonly source: DiscoverySource;
  /** What it says of itself; it does not change while the instance lives. */
  readonly card: AgentCard;
  /** Its card's capabilities by their names. */
  readonly capabilities: ReadonlyMap<string, Capability>;
  /** What a task is handed to. */
  readonly connection: C;
  /** When it joined, in milliseconds of the monotonic clock. */
  readonly joinedAt: number;
  /** Its status as last heard. Set through `Roster.setStatus`. */
  readonly status: AgentStatus;
  /** When it was last heard of, in milliseconds of the wall clock: for people. Set through `Roster.touch`. */
  readonly lastSeenAt: number;
  /** When its lease ends; nothing where it holds none. Set through `Roster.touch`. */
  readonly lease: Deadline | undefined;
  /**
   * Tasks that this orchestrator has in flight on it. Whoever hands a task over counts it up, and down at its
   * end.
   */
  inFlight: number;
}

/** An instance that joins the roster. */
export interface NewInstance<C> {
  /** Where the orchestrator reaches it, `host:port`. */
  address: string;
  /** How the orchestrator came to know it. */
  source: DiscoverySource;
  /** What it says of itself: the answer to Describe. */
  card: AgentCard;
  /** What a task is handed to. */
  connection: C;
  /** Its status. Default: IDLE, as it has just answered. */
  status?: AgentStatus;
  /** When its lease ends. Default: it holds none. */
  lease?: Deadline | undefined;
}

/** The entry of an instance that was heard of just now. */
export function rosterEntry<C>(instance: NewInstance<C>, status: AgentStatus): RosterEntry<C> {
  const { card } = instance;
  return {
    agentId: card.id,
    instanceId: card.instanceId,
    address: instance.address,
    source: instance.source,
    card,
    capabilities: new Map(card.capabilities.map((capability) => [capability.name, capability])),
    connection: instance.connection,
    joinedAt: performance.now(),
    status,
    lastSeenAt: Date.now(),
    lease: instance.lease,
    inFlight: 0,
  };
}
