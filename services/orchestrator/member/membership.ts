import type { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import type { Logger } from '../../rpc/log.ts';
import type { DiscoverySink, ExpectedInstance } from '../discovery/discovery.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Roster } from '../roster/roster.ts';
import type { Connection } from './connection.ts';
import { Member } from './member.ts';

/** Every address that some source knows of: joins what is there to the roster, and lets go of what is gone. */
export class Membership implements DiscoverySink {
  readonly #roster: Roster<Connection>;
  readonly #log: Logger;
  readonly #members = new Map<string, Member>();

  constructor(roster: Roster<Connection>, log: Logger) {
    this.#roster = roster;
    this.#log = log;
  }

  found(address: string, source: DiscoverySource): void {
    this.#member(address).sources.add(source);
  }

  gone(address: string, source: DiscoverySource): void {
    const member = this.#members.get(address);
    member?.sources.delete(source);
    if (member) this.#dropUnknown(member);
  }

  /**
   * Dials an address at which an instance says that it is, and answers its entry. Fails NO_LIVE_INSTANCE where nobody answers
   * within 2 s, CARD_MISMATCH where another instance does, or its card breaks a rule.
   */
  async dial(address: string, expected: ExpectedInstance): Promise<RosterEntry<Connection>> {
    const member = this.#member(address);
    try {
      let entry = await member.joined();
      // What is known of the address may be older than the instance that announces itself now.
      if (!isSame(entry, expected)) entry = await member.rejoin();
      if (isSame(entry, expected)) return entry;
      throw troupeError(
        'CARD_MISMATCH',
        `At ${address} answers the instance ${entry.instanceId} of ${entry.agentId}, ` +
          `not ${expected.instanceId} of ${expected.agentId}: announce the address where it listens itself.`,
        { agent: expected.agentId, instance: expected.instanceId },
      );
    } catch (error) {
      this.#dropUnknown(member);
      throw error;
    }
  }

  /** Lets go of every address. */
  close(): void {
    for (const member of this.#members.values()) member.close();
    this.#members.clear();
  }

  #member(address: string): Member {
    const known = this.#members.get(address);
    if (known) return known;
    const member = new Member(address, this.#roster, this.#log);
    this.#members.set(address, member);
    return member;
  }

  #dropUnknown(member: Member): void {
    if (member.sources.size > 0) return;
    member.close();
    this.#members.delete(member.address);
  }
}

function isSame(entry: RosterEntry<Connection>, { agentId, instanceId }: ExpectedInstance): boolean {
  return entry.agentId === agentId && entry.instanceId === instanceId;
}
