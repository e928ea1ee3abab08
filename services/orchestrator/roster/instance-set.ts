import type { RosterEntry } from './entry.ts';
import { isRoutable } from './status.ts';

/**
 * The instances that have something in common: an agent, a capability, or both. Every change costs the same,
 * however many they are. Both readers show the set as it is, so copy before an `await`.
 */
export class InstanceSet<C> {
  readonly #all = new Set<RosterEntry<C>>();
  readonly #routable: RosterEntry<C>[] = [];
  /** Where each entry stands in `#routable`. */
  readonly #places = new Map<RosterEntry<C>, number>();
  #version = 0;

  /** All of them, OFFLINE ones too, the oldest first. */
  get all(): ReadonlySet<RosterEntry<C>> {
    return this.#all;
  }

  /** Those that take tasks, in no order: to pick among. Empty: all are DRAINING or OFFLINE. */
  get routable(): readonly RosterEntry<C>[] {
    return this.#routable;
  }

  /** Another number each time that `routable` has changed. */
  get version(): number {
    return this.#version;
  }

  /** Takes an entry in, or notes its new status. For the roster only. */
  put(entry: RosterEntry<C>): void {
    this.#all.add(entry);
    if (!isRoutable(entry.status)) this.#unroute(entry);
    else if (!this.#places.has(entry)) {
      this.#places.set(entry, this.#routable.push(entry) - 1);
      this.#version++;
    }
  }

  /** Takes an entry out. For the roster only. */
  delete(entry: RosterEntry<C>): void {
    this.#all.delete(entry);
    this.#unroute(entry);
  }

  #unroute(entry: RosterEntry<C>): void {
    const place = this.#places.get(entry);
    const last = this.#routable.at(-1);
    if (place === undefined || last === undefined) return;
    // The last one fills the gap: there is no order to keep.
    this.#routable[place] = last;
    this.#places.set(last, place);
    this.#routable.pop();
    this.#places.delete(entry);
    this.#version++;
  }
}
