import { FLOW_CONTROL_WINDOW } from '../../rpc/flow-control.ts';

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
  /**
   * How long the sign of life may take before the link counts as lost, in milliseconds, beside the time that what was
   * sent before takes to get there. Default: 1,000.
   */
  answerMs?: number;
  /**
   * What gets to the other end in a millisecond at least, in bytes. Default: 1,000, 8 Mbit/s. Ours: of the 8 MiB that
   * may be on their way a frozen peer then gains 8.4 s at most, and of small tasks nothing.
   */
  bytesPerMs?: number;
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
  /** How many bytes were sent over it so far. */
  readonly bytesSent: number;
  /** How many bytes have come so far, those too of a message that is not there yet. */
  readonly bytesRead: number;
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
 * to tick, it is too busy to hear as well, and that is not the other end's fault. Nor is it that a large message takes
 * its time on a slow network: the question waits behind what was sent before it, its answer behind what comes.
 */
export class Liveness {
  readonly #link: LiveLink;
  readonly #options: Required<LivenessOptions>;
  readonly #timer: NodeJS.Timeout;
  #silentMs = 0;
  #tickedAt = performance.now();
  #asked = false;
  #answerMs = 0;
  /** How many bytes had been sent when something was heard last, and had come when a sign of life was last waited for. */
  #bytesSent = 0;
  #bytesRead = 0;
  #busyAt = Number.NEGATIVE_INFINITY;

  constructor(link: LiveLink, options: LivenessOptions = {}) {
    const { busySilenceMs = 800, idleSilenceMs = 10_000, lingerMs = 30_000 } = options;
    const { answerMs = 1000, bytesPerMs = 1000, tickMs = 100 } = options;
    this.#link = link;
    this.#options = { busySilenceMs, idleSilenceMs, lingerMs, answerMs, bytesPerMs, tickMs };
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** Anything heard is a sign of life. */
  heard(): void {
    this.#silentMs = 0;
    this.#asked = false;
    this.#bytesSent = this.#link.bytesSent;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { busySilenceMs, idleSilenceMs, lingerMs, tickMs } = this.#options;
    const now = performance.now();
    if (this.#link.busy()) this.#busyAt = now;
    this.#silentMs += Math.min(now - this.#tickedAt, 2 * tickMs);
    this.#tickedAt = now;
    // A tick that comes a trifle early is not to cost a whole one more.
    const silentMs = this.#silentMs + tickMs / 2;
    if (this.#asked) {
      if (silentMs < this.#answerMs) return;
      if (this.#link.bytesRead === this.#bytesRead) this.#link.lost();
      else this.#awaitAnswer();
    } else if (silentMs >= (now - this.#busyAt <= lingerMs ? busySilenceMs : idleSilenceMs)) {
      this.#asked = true;
      this.#awaitAnswer();
      this.#link.ask();
    }
  }

  #awaitAnswer(): void {
    const { answerMs, bytesPerMs } = this.#options;
    const onTheWay = Math.min(this.#link.bytesSent - this.#bytesSent, FLOW_CONTROL_WINDOW);
    this.#answerMs = answerMs + onTheWay / bytesPerMs;
    this.#bytesRead = this.#link.bytesRead;
    this.#silentMs = 0;
  }
}
