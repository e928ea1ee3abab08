/**
 * Values that come and go, each in a slot with a number, which the next value gets when the slot is free again.
 *
 * For what is in flight, instead of a Map or Set: V8's tables are made anew as entries come and go, and the old ones
 * hold on to the new. Once the first of them has grown old, each keeps alive all that was in flight when it was left,
 * until the next full collection: several KiB per task.
 */
export class Slots<T> {
  readonly #values: (T | undefined)[] = [];
  readonly #free: number[] = [];
  #size = 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  /** Takes a value in, and answers the number of its slot. */
  add(value: T): number {
    const slot = this.#free.pop() ?? this.#values.length;
    this.#values[slot] = value;
    this.#size++;
    return slot;
  }

  /** The value in a slot that is in use. */
  get(slot: number): T | undefined {
    return this.#values[slot];
  }

  /** Frees a slot that is in use. */
  delete(slot: number): void {
    this.#values[slot] = undefined;
    this.#free.push(slot);
    this.#size--;
  }

  /** The values, in no order; those that come or go meanwhile may be among them or not. */
  *values(): Generator<T, void> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }
}
