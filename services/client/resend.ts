import { backoffMs } from '../policy/backoff.ts';
import type { SendScope } from '../protocol/link/in-flight.ts';
import { errorInfoOf } from '../protocol/reason.ts';
import { Deadline } from '../rpc/deadline.ts';
import type { RpcError } from '../rpc/rpc-error.ts';
import type { StopSignal } from '../rpc/stop-signal.ts';
import type { Peer } from './peer.ts';
import type { PeerSearch } from './peer-search.ts';
import type { SearchBounds } from './peer-waiter.ts';

/**
 * Whether an orchestrator refused something because it is about to leave itself, before any work on it. An agent that
 * is about to leave may have passed work on before: its refusal says of which agent it is.
 */
export function refusedByLeaving(error: RpcError): boolean {
  const info = errorInfoOf(error);
  return info?.reason === 'DRAINING' && !info.metadata.agent;
}

/** What sending something again is bounded by. */
type ResendScope = SendScope & Pick<SearchBounds, 'orLeaving'>;

/** The orchestrators that one thing is sent to, one after the other, for as long as no work was done on it. */
export class Resend {
  readonly #way: { readonly search: PeerSearch; readonly reachMs: number };
  readonly #scope: ResendScope;
  #failures = 0;
  /** When it is given up: so long after the first failure. */
  #until: Deadline | undefined;

  /** `reachMs`: how long it goes on after the first failure, in milliseconds. */
  constructor(way: { readonly search: PeerSearch; readonly reachMs: number }, scope: ResendScope) {
    this.#way = way;
    this.#scope = scope;
  }

  /** The first orchestrator to send to. Fails as the search does. */
  first(): Promise<Peer> {
    return this.#way.search.find({ ...this.#scope, until: Deadline.after(this.#way.reachMs) });
  }

  /**
   * The orchestrator to send to after a failure: at once after the first one, later after a backoff. Fails with that
   * failure where it is too late, or as the search does.
   */
  async next(failure: RpcError): Promise<Peer> {
    const { deadline, signal } = this.#scope;
    this.#until ??= Deadline.after(this.#way.reachMs);
    if (this.#failures > 0) await pause(backoffMs(this.#failures, Math.random), this.#scope);
    this.#failures++;
    if (!signal?.aborted && (this.#until.expired || deadline.expired)) throw failure;
    return this.#way.search.find({ ...this.#scope, until: this.#until });
  }
}

/** Waits, but no longer than somebody waits for it. */
function pause(ms: number, { deadline, signal }: { deadline: Deadline; signal?: StopSignal | undefined }) {
  return new Promise<void>((resolve) => {
    const done = () => {
      alarm.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const alarm = Deadline.after(ms).earliest(deadline).onExpired(done);
    signal?.addEventListener('abort', done);
    if (signal?.aborted) done();
  });
}
