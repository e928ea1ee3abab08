/** How long a link with tasks in flight may be silent before it is asked for a sign of life, in milliseconds. */
const BUSY_SILENCE_MS = 1000;
/** The same for a link without. */
const IDLE_SILENCE_MS = 10_000;
/** How long the sign of life may take before the link counts as lost, in milliseconds. */
const ANSWER_MS = 1000;
/** How often silence is looked at, in milliseconds: what is late is noticed at most so much later. */
const TICK_MS = 100;

/** A link as its liveness sees it. */
export interface LiveLink {
  /** Whether tasks are in flight. */
  busy(): boolean;
  /** Asks for a sign of life. */
  ask(): void;
  /** Told when it does not come. */
  lost(): void;
}

/**
 * Watches a link for signs of life: HEARTBEAT, not HTTP/2 PING, since C-core and Go answer eager pings with GOAWAY and
 * proxies cut streams that carry nothing.
 */
export class Liveness {
  readonly #link: LiveLink;
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #askedAt: number | undefined;

  constructor(link: LiveLink) {
    this.#link = link;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Anything heard is a sign of life. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#askedAt = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= ANSWER_MS) this.#link.lost();
    } else if (now - this.#heardAt >= (this.#link.busy() ? BUSY_SILENCE_MS : IDLE_SILENCE_MS)) {
      this.#askedAt = now;
      this.#link.ask();
    }
  }
}
