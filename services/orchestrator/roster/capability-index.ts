import type { RosterEntry } from './entry.ts';
import { InstanceSet } from './instance-set.ts';

/** Instances by the capabilities that they have. */
export class CapabilityIndex<C> {
  readonly #sets = new Map<string, InstanceSet<C>>();

  /** How many capabilities the instances have between them. */
  get size(): number {
    return this.#sets.size;
  }

  /** The names of the capabilities, in no order. */
  names(): Iterable<string> {
    return this.#sets.keys();
  }

  /** The instances that have a capability; nothing where none has. */
  get(name: string): InstanceSet<C> | undefined {
    return this.#sets.get(name);
  }

  /** Takes an instance in, or notes its new status. For the roster only. */
  put(entry: RosterEntry<C>): void {
    for (const name of entry.capabilities.keys()) {
      let instances = this.#sets.get(name);
      if (!instances) {
        instances = new InstanceSet();
        this.#sets.set(name, instances);
      }
      instances.put(entry);
    }
  }

  /** Takes an instance out. For the roster only. */
  delete(entry: RosterEntry<C>): void {
    for (const name of entry.capabilities.keys()) {
      const instances = this.#sets.get(name);
      instances?.delete(entry);
      if (instances?.all.size === 0) this.#sets.delete(name);
    }
  }
}
