import type { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';

/** Who answers at an address, where the source knows. */
export interface ExpectedInstance {
  /** The agent's id. */
  readonly agentId: string;
  /** The instance's id. */
  readonly instanceId: string;
}

/** Whether two name the same instance of the same agent. */
export function isSameInstance(one: ExpectedInstance, other: ExpectedInstance): boolean {
  return one.agentId === other.agentId && one.instanceId === other.instanceId;
}

/**
 * What sources tell of addresses: facts, not commands. The same address may be found by several sources, and
 * is gone when each of those says so. It must not throw.
 */
export interface DiscoverySink {
  /**
   * An instance is at `address` (`host:port`). Told again only where another is expected there from now on.
   */
  found(address: string, source: DiscoverySource, expected?: ExpectedInstance): void;
  /** This source knows of nothing at `address` any more. */
  gone(address: string, source: DiscoverySource): void;
}

/** A source of addresses. It knows nothing of connections, and never dials. */
export interface Discovery {
  /** Begins to tell `sink` of addresses. Called once. */
  start(sink: DiscoverySink): void;
  /** Ends the telling. What was found stays found. */
  close(): void;
}
