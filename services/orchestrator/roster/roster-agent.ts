import type { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { CapabilityIndex } from './capability-index.ts';
import type { RosterEntry } from './entry.ts';
import { InstanceSet } from './instance-set.ts';
import { statusNow, sumStatus } from './status.ts';

/** An agent on the roster: the sum of its instances, of which it has at least one. */
export class RosterAgent<C> {
  /** The agent's id. */
  readonly id: string;
  /** Its instances. */
  readonly instances = new InstanceSet<C>();
  /** Its instances by capability: they may differ in what they can do, as while a new version rolls out. */
  readonly capabilities = new CapabilityIndex<C>();

  constructor(id: string) {
    this.id = id;
  }

  /** The first of IDLE, BUSY, DRAINING, ERROR, OFFLINE that one of its instances has; else UNSPECIFIED. */
  get status(): AgentStatus {
    return sumStatus(Array.from(this.instances.all, statusNow));
  }

  /** Takes an instance in, or notes its new status. For the roster only. */
  put(entry: RosterEntry<C>): void {
    this.instances.put(entry);
    this.capabilities.put(entry);
  }

  /** Takes an instance out. For the roster only. */
  delete(entry: RosterEntry<C>): void {
    this.instances.delete(entry);
    this.capabilities.delete(entry);
  }
}
