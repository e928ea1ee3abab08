import { stoppedBy } from '../protocol/stopped.ts';
import { Code } from '../rpc/code.ts';
import type { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { StopSignal } from '../rpc/stop-signal.ts';
import type { Alarm } from '../rpc/timer-wheel.ts';
import type { Peer } from './peer.ts';

/** What a search for an orchestrator is bounded by. */
export interface SearchBounds {
  /** When whoever asks must have an answer. */
  readonly deadline: Deadline;
  /** When the search is given up, once every orchestrator has been tried. */
  readonly until: Deadline;
  /** Whether the one found last will do while it is connected, though it is about to leave. Default: false. */
  readonly orLeaving?: boolean;
  /** Ends the wait for it. Default: nothing does. */
  readonly signal?: StopSignal | undefined;
}

/** What one who waits for an orchestrator is made of. */
export interface PeerWaiterOptions extends SearchBounds {
  found: (peer: Peer) => void;
  failed: (error: RpcError) => void;
  /** Why the last round was in vain; nothing while none was. */
  failure: () => RpcError | undefined;
  /** Told when it waits no more. */
  left: () => void;
}

/** One who waits for an orchestrator: until it is found, given up, or not wanted any more. */
export class PeerWaiter {
  readonly #options: PeerWaiterOptions;
  readonly #alarms: readonly Alarm[];
  readonly #onAbort = () => this.#fail(stoppedBy(this.#options.signal!));
  #waits = true;

  constructor(options: PeerWaiterOptions) {
    const { deadline, until, signal } = options;
    this.#options = options;
    this.#alarms = [
      deadline.onExpired(() => this.#fail(options.failure() ?? tooLate())),
      until.onExpired(() => {
        const failure = options.failure();
        if (failure) this.#fail(failure);
      }),
    ];
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** An orchestrator was found. */
  found(peer: Peer): void {
    if (this.#leave()) this.#options.found(peer);
  }

  /** A round was in vain; `last`: there will be no other. */
  inVain(failure: RpcError, last: boolean): void {
    if (last || this.#options.until.expired) this.#fail(failure);
  }

  #fail(error: RpcError): void {
    if (this.#leave()) this.#options.failed(error);
  }

  #leave(): boolean {
    if (!this.#waits) return false;
    this.#waits = false;
    for (const alarm of this.#alarms) alarm.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.left();
    return true;
  }
}

function tooLate(): RpcError {
  const text = 'The time ran out before an orchestrator was reached. Give it more, and see that one runs.';
  return new RpcError(Code.DEADLINE_EXCEEDED, text);
}
