import { Reconnect } from '../policy/reconnect.ts';
import { troupeError } from '../protocol/reason.ts';
import { stoppedBy } from '../protocol/stopped.ts';
import { Code } from '../rpc/code.ts';
import { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { Peer } from './peer.ts';
import { PeerWaiter, type SearchBounds } from './peer-waiter.ts';

/** How long one orchestrator gets to be reached, before the next is tried, in milliseconds. */
const REACH_MS = 2000;

/**
 * Looks for an orchestrator that is connected and not about to leave: once for all who wait for one, in rounds through
 * the configured ones, the one that was found last first, with a pause after a round that was in vain.
 */
export class PeerSearch {
  readonly #peers: readonly Peer[];
  readonly #waiting = new Set<PeerWaiter>();
  readonly #reconnect = new Reconnect(Math.random);
  /** Which was found last. */
  #found = 0;
  #searching = false;
  #closed = false;
  /** Why the last round of this search was in vain. */
  #failure: RpcError | undefined;
  #wake = () => {};

  constructor(peers: readonly Peer[]) {
    this.#peers = peers;
    for (const peer of peers) peer.onConnection(() => this.#wake());
  }

  /** The orchestrator that was found last, where it can be sent to at once. */
  get current(): Peer | undefined {
    const peer = this.#peers[this.#found];
    return peer?.isReached ? peer : undefined;
  }

  /**
   * An orchestrator that can be sent to. Fails UNAVAILABLE with the reason of the last that was tried,
   * FAILED_PRECONDITION / NO_ORCHESTRATOR where none is configured, DEADLINE_EXCEEDED where the time runs out before
   * each was tried, or as the signal says.
   */
  find({ deadline, until, orLeaving, signal }: SearchBounds): Promise<Peer> {
    if (this.#peers.length === 0) return Promise.reject(noOrchestrator());
    if (signal?.aborted) return Promise.reject(stoppedBy(signal));
    const { current = orLeaving ? this.#connected : undefined } = this;
    if (current) return Promise.resolve(current);
    const { promise, resolve, reject } = Promise.withResolvers<Peer>();
    const waiter = new PeerWaiter({
      deadline,
      until,
      signal,
      found: resolve,
      failed: reject,
      failure: () => this.#failure,
      left: () => this.#left(waiter),
    });
    this.#waiting.add(waiter);
    if (!this.#searching) void this.#search();
    return promise;
  }

  /** Tells those who wait that nobody will be found any more. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  get #connected(): Peer | undefined {
    const peer = this.#peers[this.#found];
    return peer?.isConnected ? peer : undefined;
  }

  #left(waiter: PeerWaiter): void {
    this.#waiting.delete(waiter);
    if (this.#waiting.size === 0) this.#wake();
  }

  async #search(): Promise<void> {
    this.#searching = true;
    this.#failure = undefined;
    while (this.#waiting.size > 0) {
      const peer = await this.#round();
      for (const waiter of [...this.#waiting]) {
        if (peer) waiter.found(peer);
        else waiter.inVain(this.#failure!, this.#closed);
      }
      if (peer) this.#reconnect.connected(performance.now());
      else if (this.#waiting.size > 0) await this.#pause(this.#reconnect.lost(performance.now()));
    }
    this.#searching = false;
  }

  /** Tries each orchestrator once, up to the first that can be sent to. */
  async #round(): Promise<Peer | undefined> {
    const first = this.#found;
    const count = this.#peers.length;
    let failure: RpcError | undefined;
    for (let nth = 0; nth < count; nth++) {
      const index = (first + nth) % count;
      const peer = this.#peers[index]!;
      try {
        await peer.reached(Deadline.after(REACH_MS));
        this.#found = index;
        return peer;
      } catch (thrown) {
        failure = unreachable(RpcError.from(thrown));
      }
    }
    this.#failure = failure;
    return undefined;
  }

  /** Waits, but no longer than until a connection is made or breaks, or nobody waits any more. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    this.#wake = () => {};
    clearTimeout(timer);
  }
}

/** Nothing was sent. One that took too long is no reason to speak of the caller's deadline, which has not come. */
function unreachable(error: RpcError): RpcError {
  const isOurs = error.code === Code.DEADLINE_EXCEEDED || error.code === Code.UNAVAILABLE;
  return isOurs && error.details.length === 0
    ? troupeError('NO_LIVE_INSTANCE', error.message, { cause: error })
    : error;
}

function noOrchestrator(): RpcError {
  return troupeError(
    'NO_ORCHESTRATOR',
    'No orchestrator is configured, so no agent can be asked and no state shared. Give Troupe its address (host:port), ' +
      'or start the agent with TROUPE_ORCHESTRATORS=host:port.',
  );
}
