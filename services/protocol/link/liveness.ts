/** When a link counts as lost. */
export interface LivenessOptions {
  /**
   * How long a link with tasks in flight may be silent before it is asked for a sign of life, in milliseconds.
   * Default: 800. The contract's 1 s, less what ticks come late on a busy machine, so that whoever froze is lost
   * within 2 s in all.
   */
  busySilenceMs?: number;
  /** The same for a link without. Default: 10,000. */
  idleSilenceMs?: number;
  /**
   * For how long after its last task a link is asked as often as one with tasks, in milliseconds. Default: 30,000.
   * Ours: who is given no tasks for a moment, since it was slow, is the first that may be frozen.
   */
  lingerMs?: number;
  /** How long the sign of life may take before the link counts as lost, in milliseconds. Default: 1,000. */
  answerMs?: number;
  /**
   * How often silence is looked at, in milliseconds: what is late is noticed at most so much later. Default:
   * 100.
   */
  tickMs?: number;
}

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
 * Watches a link for signs of life: HEARTBEAT, not HTTP/2 PING, since C-core and Go answer eager pings with
 * GOAWAY and proxies cut streams that carry nothing.
 *
 * Silence is counted from tick to tick, and no more than twice what a tick should take: while this process is too busy
 * to tick, it is too busy to hear as well, and that is not the other end's fault.
 */
export class Liveness {
  readonly #link: LiveLink;
  readonly #options: Required<LivenessOptions>;
  readonly #timer: NodeJS.Timeout;
  #silentMs = 0;
  #tickedAt = performance.now();
  #asked = false;
  #busyAt = Number.NEGATIVE_INFINITY;

  constructor(link: LiveLink, options: LivenessOptions = {}) {
    const { busySilenceMs = 800, idleSilenceMs = 10_000, lingerMs = 30_000 } = options;
    const { answerMs = 1000, tickMs = 100 } = options;
    this.#link = link;
    this.#options = { busySilenceMs, idleSilenceMs, lingerMs, answerMs, tickMs };
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** Anything heard is a sign of life. */
  heard(): void {
    this.#silentMs = 0;
    this.#asked = false;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { busySilenceMs, idleSilenceMs, lingerMs, answerMs, tickMs } = this.#options;
    const now = performance.now();
    if (this.#link.busy()) this.#busyAt = now;
    this.#silentMs += Math.min(now - this.#tickedAt, 2 * tickMs);
    this.#tickedAt = now;
    // A tick that comes a trifle early is not to cost a whole one more.
    const silentMs = this.#silentMs + tickMs / 2;
    if (this.#asked) {
      if (silentMs >= answerMs) this.#link.lost();
    } else if (silentMs >= (now - this.#busyAt <= lingerMs ? busySilenceMs : idleSilenceMs)) {
      this.#silentMs = 0;
      this.#asked = true;
      this.#link.ask();
    }
  }
}
