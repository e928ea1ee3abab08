import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { SendScope } from '../protocol/link/open-link.ts';
import { troupeError } from '../protocol/reason.ts';
import type { TaskSink } from '../protocol/task-sink.ts';
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
   * An orchestrator that is connected. Fails UNAVAILABLE with the last one's reason where none can be reached, and
   * FAILED_PRECONDITION / NO_ORCHESTRATOR where none is configured.
   */
  async reach(deadline: Deadline): Promise<Peer> {
    if (this.#peers.length === 0) throw noOrchestrator();
    let failure: unknown;
    for (const _ of this.#peers) {
      const peer = this.#peers[this.#current]!;
      try {
        await peer.reached(deadline.earliest(Deadline.after(REACH_MS)));
        return peer;
      } catch (error) {
        failure = error;
        this.#current = (this.#current + 1) % this.#peers.length;
      }
    }
    throw failure;
  }

  /** Sends a message through an orchestrator that is connected; every failure goes to the sink. */
  send(message: AgentMessage, sink: TaskSink, scope: SendScope): void {
    this.reach(scope.deadline).then(
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
