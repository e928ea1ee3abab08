import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { Deadline } from '../../rpc/deadline.ts';
import { Expiry } from '../expiry.ts';
import type { Discovery, DiscoverySink, ExpectedInstance } from './discovery.ts';

/** How long leases run. */
export interface LeaseOptions {
  /** How long an instance stays without renewing, in milliseconds. Default: 15,000. */
  leaseMs?: number;
}

/** An instance that announces itself. */
export interface Announcement extends ExpectedInstance {
  /** Where it listens: `host:port`. */
  readonly address: string;
}

/**
 * Finds the instances that announce themselves. Each holds a lease on its address: it is found when the lease
 * is granted, and gone when it is released or runs out, by the monotonic clock. An address and an instance
 * have at most one lease between them.
 */
export class Leases implements Discovery {
  /** How long a lease runs, in milliseconds. */
  readonly leaseMs: number;
  /** The holder of each address. */
  readonly #holders = new Map<string, Announcement>();
  /** The address of each instance that holds a lease. */
  readonly #addresses = new Map<string, string>();
  readonly #expiry: Expiry<string>;
  #sink: DiscoverySink | undefined;

  constructor(options: LeaseOptions = {}) {
    this.leaseMs = options.leaseMs ?? 15_000;
    this.#expiry = new Expiry({ afterMs: this.leaseMs, onExpired: (address) => this.#end(address) });
  }

  start(sink: DiscoverySink): void {
    this.#sink = sink;
  }

  /**
   * Grants a lease, or renews the one that the instance holds on that address, and answers when it ends. A
   * new instance at an address takes over the lease of the old one there; one that moved leaves its old
   * address.
   */
  grant(announcement: Announcement): Deadline {
    const { address, agentId, instanceId } = announcement;
    const before = this.#addresses.get(instanceId);
    if (before !== undefined && before !== address) this.#end(before);

    const holder = this.#holders.get(address);
    if (holder?.instanceId !== instanceId || holder.agentId !== agentId) {
      if (holder) this.#addresses.delete(holder.instanceId);
      this.#holders.set(address, announcement);
      this.#addresses.set(instanceId, address);
      this.#sink?.found(address, DiscoverySource.ANNOUNCED, { agentId, instanceId });
    }
    return this.#expiry.set(address);
  }

  /**
   * Ends the lease of a leaving instance at once. Without effect where it holds none, or another took it
   * over.
   */
  release(instanceId: string): void {
    const address = this.#addresses.get(instanceId);
    if (address !== undefined) this.#end(address);
  }

  close(): void {
    this.#sink = undefined;
    this.#expiry.clear();
  }

  #end(address: string): void {
    const holder = this.#holders.get(address);
    if (holder) this.#addresses.delete(holder.instanceId);
    this.#holders.delete(address);
    this.#expiry.delete(address);
    this.#sink?.gone(address, DiscoverySource.ANNOUNCED);
  }
}
