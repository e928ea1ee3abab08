import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { SendScope } from '../protocol/link/in-flight.ts';
import { troupeError } from '../protocol/reason.ts';
import { stoppedBy } from '../protocol/stopped.ts';
import type { TaskSink } from '../protocol/task-sink.ts';
import { Code } from '../rpc/code.ts';
import { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { Peer } from './peer.ts';

/** How long one orchestrator gets to be reached, before the next is tried, in milliseconds. */
const REACH_MS = 2000;

/** The orchestrators in a caller's configuration: the one that was reached last is asked first. */
export class Orchestrators {
  readonly #peers: readonly Peer[];
  #current = 0;

  /** `addresses` are `host:port`; `id` is the name under which the caller sends. */
  constructor(addresses: readonly string[], id: string) {
    this.#peers = addresses.map((address) => new Peer(address, id));
  }

  /**
   * An orchestrator that is connected, and is not about to leave. Fails UNAVAILABLE with the last one's
   * reason where there is none, FAILED_PRECONDITION / NO_ORCHESTRATOR where none is configured,
   * DEADLINE_EXCEEDED or as the signal says where that comes first.
   */
  async reach(deadline: Deadline, signal?: AbortSignal): Promise<Peer> {
    const first = this.#current;
    const count = this.#peers.length;
    let failure: RpcError | undefined;
    for (let nth = 0; nth < count; nth++) {
      const index = (first + nth) % count;
      const peer = this.#peers[index]!;
      try {
        await peer.reached(deadline.earliest(Deadline.after(REACH_MS)), signal);
        this.#current = index;
        return peer;
      } catch (error) {
        if (signal?.aborted) throw stoppedBy(signal);
        failure = RpcError.from(error);
      }
    }
    if (!failure) throw noOrchestrator();
    // One that took too long is no reason to speak of the caller's deadline, which has not come.
    if (failure.code !== Code.DEADLINE_EXCEEDED || deadline.expired) throw failure;
    throw new RpcError(Code.UNAVAILABLE, failure.message, failure.details, { cause: failure });
  }

  /** Sends a message through an orchestrator that is connected; every failure goes to the sink. */
  send(message: AgentMessage, sink: TaskSink, scope: SendScope): void {
    const current = this.#peers[this.#current];
    if (current?.isReached) return current.send(message, sink, scope);
    this.reach(scope.deadline, scope.signal).then(
      (peer) => peer.send(message, sink, scope),
      (error) => sink.error(RpcError.from(error)),
    );
  }

  /** Closes every connection once what is in flight has been answered. */
  close(): void {
    for (const peer of this.#peers) peer.close();
  }
}

function noOrchestrator(): RpcError {
  return troupeError(
    'NO_ORCHESTRATOR',
    'No orchestrator is configured, so no other agent can be asked and no state shared: set TROUPE_ORCHESTRATORS.',
  );
}
