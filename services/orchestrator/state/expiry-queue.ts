/** Something that expires. */
export interface Expiring {
  /** When, in milliseconds of the monotonic clock. */
  readonly expiresAt: number;
}

/**
 * What expires, the earliest first: a binary heap that knows the place of each item, so that one can be taken out
 * before its time. Adding and removing cost O(log n).
 */
export class ExpiryQueue<T extends Expiring> {
  readonly #heap: T[] = [];
  readonly #places = new Map<T, number>();

  /** The item that expires next, or nothing. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  /** Adds an item that the queue does not hold. */
  add(item: T): void {
    this.#heap.push(item);
    this.#rise(item, this.#heap.length - 1);
  }

  /** Takes an item out; nothing happens where the queue does not hold it. */
  remove(item: T): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#places.delete(item);
    const last = this.#heap.pop()!;
    if (last === item) return;
    this.#sink(last, place);
    this.#rise(last, this.#places.get(last)!);
  }

  #rise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#heap[parent]!.expiresAt <= item.expiresAt) break;
      this.#put(this.#heap[parent]!, place);
      place = parent;
    }
    this.#put(item, place);
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#heap.length) break;
      const right = this.#heap[child + 1];
      if (right && right.expiresAt < this.#heap[child]!.expiresAt) child++;
      if (this.#heap[child]!.expiresAt >= item.expiresAt) break;
      this.#put(this.#heap[child]!, place);
      place = child;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#heap[place] = item;
    this.#places.set(item, place);
  }
}
