/** How many are begun in one turn of the event loop: the work on each takes a quarter of a millisecond or so. */
const PER_TURN = 4;

/**
 * Lets things be begun in the order in which they come, a few in each turn of the event loop: many at once keep nobody
 * else waiting, and what is over before its turn is work for nobody.
 */
export class Turns {
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** Settles when it is the caller's turn: in the next turn of the event loop, where nobody else waits. */
  next(): Promise<void> {
    const turn = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#schedule();
    return turn;
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const begin of this.#waiting.splice(0, PER_TURN)) begin();
      this.#schedule();
    });
  }
}
