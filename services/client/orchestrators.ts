import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { checkedTime } from '../protocol/check-option.ts';
import type { SendScope } from '../protocol/link/in-flight.ts';
import type { TaskSink } from '../protocol/task-sink.ts';
import { parseAddress } from '../rpc/address.ts';
import type { Wait } from '../rpc/channel.ts';
import { Code } from '../rpc/code.ts';
import type { Deadline } from '../rpc/deadline.ts';
import { neverSent } from '../rpc/never-sent.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { StopSignal } from '../rpc/stop-signal.ts';
import { Errand } from './errand.ts';
import { Peer } from './peer.ts';
import { PeerSearch } from './peer-search.ts';
import { Resend, refusedByLeaving } from './resend.ts';

/**
 * How long a caller looks for an orchestrator, in milliseconds: the 10 s that one gets to leave, and 5 s for the next
 * to take its place.
 */
const DEFAULT_REACH_MS = 15_000;

/** The orchestrators in a caller's configuration: the one that was reached last is asked first. */
export class Orchestrators {
  readonly #peers: readonly Peer[];
  readonly #way: { readonly search: PeerSearch; readonly reachMs: number };

  /**
   * `addresses` are `host:port`, and one that cannot be dialled is INVALID_ARGUMENT; `id` is the name under which the
   * caller sends; `reachMs`, how long one that is connected is looked for, in milliseconds: by default 15,000.
   */
  constructor(addresses: readonly string[], id: string, reachMs = DEFAULT_REACH_MS) {
    for (const address of addresses) checkAddress(address);
    this.#peers = addresses.map((address) => new Peer(address, id));
    this.#way = { search: new PeerSearch(this.#peers), reachMs: checkedTime('reachMs', reachMs) };
  }

  /**
   * An orchestrator that is connected, and is not about to leave: waits for one. Fails UNAVAILABLE with the last one's
   * reason where there is none, FAILED_PRECONDITION / NO_ORCHESTRATOR where none is configured,
   * DEADLINE_EXCEEDED or as the signal says where that comes first.
   */
  reach(deadline: Deadline, signal?: StopSignal): Promise<Peer> {
    return this.#resend({ deadline, signal }).first();
  }

  /** Sends a task through an orchestrator, and again where no work was done on it; every failure goes to the sink. */
  send(message: AgentMessage, sink: TaskSink, scope: SendScope): void {
    new Errand(this.#way, message, sink, scope).start();
  }

  /**
   * Makes a call that an orchestrator answers to its end, also while it leaves, such as one on the state: what works
   * on a task there may need it. Again where no work was done for it. Fails as `reach` and as the call does.
   */
  async ask<T>(scope: SendScope, call: (peer: Peer) => Promise<T>): Promise<T> {
    const resend = this.#resend({ ...scope, orLeaving: true });
    let peer = await resend.first();
    while (true) {
      const wait = peer.beginWait();
      try {
        return await call(peer);
      } catch (thrown) {
        noteSilence(thrown, peer, wait);
        peer = await resend.next(untouched(thrown, peer));
      }
    }
  }

  /**
   * The same for a call that answers with a stream, but not while the orchestrator leaves: what has begun to answer
   * is not called again.
   */
  async *stream<T>(scope: SendScope, call: (peer: Peer) => AsyncIterable<T>): AsyncGenerator<T, void> {
    const resend = this.#resend(scope);
    let peer = await resend.first();
    while (true) {
      let begun = false;
      const wait = peer.beginWait();
      try {
        for await (const answer of call(peer)) {
          begun = true;
          yield answer;
        }
        return;
      } catch (thrown) {
        noteSilence(thrown, peer, wait);
        if (begun) throw peer.lost(RpcError.from(thrown));
        peer = await resend.next(untouched(thrown, peer));
      }
    }
  }

  /** Closes every connection once what is in flight has been answered. */
  close(): void {
    for (const peer of this.#peers) peer.close();
    this.#way.search.close();
  }

  #resend(scope: ConstructorParameters<typeof Resend>[1]): Resend {
    return new Resend(this.#way, scope);
  }
}

/** It would be dialled for ever, and nobody would say why there is no answer. */
function checkAddress(text: string): void {
  // Not a text where a variable of the environment is not set, and JavaScript passes it on.
  const address = parseAddress(String(text));
  if (!('violation' in address)) return;
  const what = `The address of an orchestrator cannot be dialled: ${address.violation}.`;
  throw new RpcError(Code.INVALID_ARGUMENT, what);
}

/** A call whose time ran out may have gone over a connection that is dead without a word. */
function noteSilence(thrown: unknown, peer: Peer, wait: Wait): void {
  if (RpcError.from(thrown).code === Code.DEADLINE_EXCEEDED) peer.waitedInVain(wait);
}

/** The failure of a call, where that says that no work was done for it; else throws it. */
function untouched(thrown: unknown, peer: Peer): RpcError {
  const error = RpcError.from(thrown);
  if (refusedByLeaving(error)) peer.leaves();
  else if (!neverSent(error)) throw peer.lost(error);
  return error;
}
