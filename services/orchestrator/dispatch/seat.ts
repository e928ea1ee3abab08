import type { Candidate } from '../../policy/candidate.ts';
import type { Health } from '../../policy/health.ts';
import type { LatencyEstimate } from '../../policy/latency-estimate.ts';
import type { Connection } from '../member/connection.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Standing } from './standing.ts';

/** An instance in a lane: a candidate for the tasks of one capability, or of one agent. */
export class Seat implements Candidate {
  readonly entry: RosterEntry<Connection>;
  readonly standing: Standing;
  readonly latency: LatencyEstimate;
  readonly hash: number;
  readonly joinedAt: number;
  /** How it has been doing; nothing while it is not routed to. */
  health: Health<Seat> | undefined;

  constructor(standing: Standing, capability: string) {
    this.entry = standing.entry;
    this.standing = standing;
    this.latency = standing.latency(capability);
    this.hash = standing.hash;
    this.joinedAt = standing.entry.joinedAt;
  }

  get inFlight(): number {
    return this.entry.inFlight;
  }

  get limit(): number {
    return this.standing.limit;
  }

  /** Whether the capability is idempotent, as this instance has it. */
  isIdempotent(capability: string): boolean {
    return this.entry.connection.capability(capability)?.idempotent ?? false;
  }
}
