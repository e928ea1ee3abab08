/** The bounds of a feed, and who hears of its end. */
export interface FeedOptions<T> {
  /** How many items may wait for the consumer: 1 or more. Default: 1,024. */
  limit?: number;
  /** How large the waiting items may be together, in the unit of `push`'s `size`. Default: no bound. */
  sizeLimit?: number;
  /** Makes the error with which the feed fails when an item is over a bound; the place to cancel its source. */
  overflow: () => unknown;
  /** What the consumer gets before all that is pushed: a snapshot. It does not count towards the bounds. */
  first?: Iterable<T>;
  /** When it aborts, the feed fails at once with its reason. */
  signal?: AbortSignal;
  /**
   * Called once, when the feed takes no more: it was ended, failed, flooded, aborted or left by its consumer. Never
   * called from within the constructor, so that an owner can first keep the feed where this forgets it.
   */
  onClose?: () => void;
}

/**
 * A bounded queue between a source that cannot wait and one consumer that may be slow: the source pushes, the
 * consumer iterates (`for await`).
 *
 * Overflow rule: an item that does not fit is dropped with all that waits, and the feed fails at once with the error
 * of `overflow`; a reader that is too slow learns so instead of missing some. An item that finds nothing waiting
 * is always taken, whatever its size.
 */
export class Feed<T> implements AsyncIterableIterator<T, undefined> {
  readonly #options: FeedOptions<T>;
  readonly #limit: number;
  readonly #sizeLimit: number;
  readonly #readers: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  readonly #abort = (): void => this.#drop(() => this.#options.signal?.reason);
  #first: Iterator<T> | undefined;
  #waiting: { item: T; size: number }[] = [];
  #size = 0;
  #closed = false;
  #failure: { error: unknown } | undefined;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
    this.#limit = options.limit ?? 1_024;
    this.#sizeLimit = options.sizeLimit ?? Number.POSITIVE_INFINITY;
    this.#first = options.first?.[Symbol.iterator]();
    if (options.signal?.aborted) queueMicrotask(this.#abort);
    else options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Whether the feed takes no more; what waits can still be read, unless it was dropped. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Hands an item to the consumer, or keeps it until the consumer asks. `size` counts towards `sizeLimit`.
   * Answers whether the item was taken: not so when the feed is closed, or closes because the item does not fit.
   */
  push(item: T, size = 0): boolean {
    if (this.#closed) return false;
    const full = this.#waiting.length >= this.#limit || this.#size + size > this.#sizeLimit;
    if (full && this.#waiting.length > 0) {
      this.#drop(this.#options.overflow);
      return false;
    }
    this.#deliver(item, size);
    return true;
  }

  /** Ends the iteration after what waits, and after `last`, which is never over a bound. */
  end(last?: T): void {
    if (this.#closed) return;
    if (last !== undefined) this.#deliver(last, 0);
    this.#closed = true;
    this.#closing();
  }

  /** Ends the iteration after what waits by throwing `error`. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = { error };
    this.#closing();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const first = this.#first?.next();
    if (first && !first.done) return Promise.resolve(first);
    this.#first = undefined;

    const waiting = this.#waiting.shift();
    if (waiting) {
      this.#size -= waiting.size;
      return Promise.resolve({ done: false, value: waiting.item });
    }
    const reader = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#readers.push(reader);
    if (this.#closed) this.#settle();
    return reader.promise;
  }

  /** Called when the consumer stops early: what waits is dropped, and nothing more is taken. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#clear();
    this.#failure = undefined;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #deliver(item: T, size: number): void {
    const reader = this.#readers.shift();
    if (reader) {
      reader.resolve({ done: false, value: item });
    } else {
      this.#waiting.push({ item, size });
      this.#size += size;
    }
  }

  #drop(reason: () => unknown): void {
    if (this.#closed) return;
    // Closed before its owner is asked: what the owner then does to the source must not end the feed otherwise.
    this.#closed = true;
    this.#clear();
    this.#failure = { error: reason() };
    this.#closing();
  }

  #clear(): void {
    this.#first = undefined;
    this.#waiting = [];
    this.#size = 0;
  }

  #closing(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#settle();
    this.#options.onClose?.();
  }

  /** Tells the readers that nothing comes: the first of them why, where it failed. */
  #settle(): void {
    for (const reader of this.#readers.splice(0)) {
      if (this.#failure) reader.reject(this.#failure.error);
      else reader.resolve({ done: true, value: undefined });
      this.#failure = undefined;
    }
  }
}
