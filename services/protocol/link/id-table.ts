import { Slots } from '../../rpc/slots.ts';

/** What is in flight, by the ids of its messages. A Map from ids to slots: see there why not to what is in them. */
export class IdTable<T> {
  readonly #slots = new Slots<T>();
  readonly #ids = new Map<string, number>();

  /** How many entries there are. */
  get size(): number {
    return this.#slots.size;
  }

  /** Whether there is an entry of that id. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The entry of that id; nothing where there is none. */
  get(id: string): T | undefined {
    const slot = this.#ids.get(id);
    return slot === undefined ? undefined : this.#slots.get(slot);
  }

  /** Takes an entry in, under an id that has none. */
  add(id: string, entry: T): void {
    this.#ids.set(id, this.#slots.add(entry));
  }

  /** Takes the entry of that id out, where there is one. */
  delete(id: string): void {
    const slot = this.#ids.get(id);
    if (slot === undefined) return;
    this.#ids.delete(id);
    this.#slots.delete(slot);
  }

  /** The ids of the entries, as they are now. */
  ids(): string[] {
    return [...this.#ids.keys()];
  }

  /** The entries, in no order. */
  values(): Iterable<T> {
    return this.#slots.values();
  }
}
