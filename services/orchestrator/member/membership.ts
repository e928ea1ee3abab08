import type { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { Logger } from '../../rpc/log.ts';
import type { DiscoverySink, ExpectedInstance } from '../discovery/discovery.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Roster } from '../roster/roster.ts';
import type { Connection } from './connection.ts';
import { Member } from './member.ts';

/**
 * Every address that some source knows of: joins what is there to the roster, and lets go of what is gone.
 */
export class Membership implements DiscoverySink {
  readonly #roster: Roster<Connection>;
  readonly #log: Logger;
  readonly #members = new Map<string, Member>();

  constructor(roster: Roster<Connection>, log: Logger) {
    this.#roster = roster;
    this.#log = log;
  }

  found(address: string, source: DiscoverySource, expected?: ExpectedInstance): void {
    this.#member(address).claims.found(source, expected);
  }

  gone(address: string, source: DiscoverySource): void {
    const member = this.#members.get(address);
    member?.claims.gone(source);
    if (member) this.#dropUnwanted(member);
  }

  /**
   * Dials an address at which an instance says that it is, and hands its entry to `welcome`, the place to
   * make the address known to a source. Fails NO_LIVE_INSTANCE where nobody answers within 2 s, CARD_MISMATCH
   * where another instance does, or its card breaks a rule.
   */
  async dial<T>(
    address: string,
    expected: ExpectedInstance,
    welcome: (entry: RosterEntry<Connection>) => T,
  ): Promise<T> {
    const member = this.#member(address);
    try {
      return await member.dial(expected, welcome);
    } finally {
      this.#dropUnwanted(member);
    }
  }

  /**
   * Takes an instance that leaves off the roster at once. Where a source still knows of its address, that is
   * dialled again.
   */
  dismiss(entry: RosterEntry<Connection>): void {
    // First, or what is in flight ends by an instance that never went OFFLINE: whether to try again goes by that.
    this.#members.get(entry.address)?.redial();
    this.#roster.remove(entry);
  }

  /** Lets go of every address, and cuts off what is in flight. */
  close(): void {
    for (const member of this.#members.values()) member.cut();
    this.#members.clear();
  }

  #member(address: string): Member {
    const known = this.#members.get(address);
    if (known) return known;
    const member = new Member(address, this.#roster, this.#log);
    this.#members.set(address, member);
    return member;
  }

  #dropUnwanted(member: Member): void {
    if (member.claims.any) return;
    member.close();
    if (this.#members.get(member.address) === member) this.#members.delete(member.address);
  }
}
