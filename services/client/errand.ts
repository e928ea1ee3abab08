import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { SendScope } from '../protocol/link/in-flight.ts';
import type { TaskSink } from '../protocol/task-sink.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { Peer } from './peer.ts';
import type { PeerSearch } from './peer-search.ts';
import { Resend, refusedByLeaving } from './resend.ts';
import { ttlWithin } from './task.ts';

/**
 * A task on its way through an orchestrator. It waits for one that is connected, and is sent again, as the same
 * message, where no work was done on it: it was never sent, or refused by an orchestrator that is about to leave.
 * Every other failure is its end, and so is each after PROGRESS.
 */
export class Errand implements TaskSink {
  readonly #way: { readonly search: PeerSearch; readonly reachMs: number };
  readonly #sink: TaskSink;
  readonly #scope: SendScope;
  #message: AgentMessage;
  #peer: Peer | undefined;
  #overLink = false;
  #progressed = false;
  #resend: Resend | undefined;

  constructor(
    way: { readonly search: PeerSearch; readonly reachMs: number },
    message: AgentMessage,
    sink: TaskSink,
    scope: SendScope,
  ) {
    this.#way = way;
    this.#message = message;
    this.#sink = sink;
    this.#scope = scope;
  }

  /** Sends the task at once where an orchestrator is connected, else as soon as one is. */
  start(): void {
    const { current } = this.#way.search;
    if (current) this.#sendBy(current);
    else this.#sendLater((resend) => resend.first());
  }

  progress(message: AgentMessage): void {
    this.#progressed = true;
    this.#sink.progress(message);
  }

  result(message: AgentMessage): void {
    this.#sink.result(message);
  }

  error(error: RpcError): void {
    if (this.#lacksLink) return this.#sendBy(this.#peer!);
    if (this.#progressed || !refusedByLeaving(error)) return this.#sink.error(error);
    this.#peer?.leaves();
    this.#sendLater((resend) => resend.next(error));
  }

  unsent(error: RpcError): void {
    if (this.#lacksLink) return this.#sendBy(this.#peer!);
    this.#sendLater((resend) => resend.next(error));
  }

  /** Whether the link failed because the orchestrator serves none: then the call is the first try. */
  get #lacksLink(): boolean {
    return this.#overLink && this.#peer?.servesLink === false;
  }

  #sendBy(peer: Peer): void {
    this.#peer = peer;
    this.#overLink = peer.servesLink;
    peer.send(this.#message, this, this.#scope);
  }

  #sendLater(find: (resend: Resend) => Promise<Peer>): void {
    // Work in flight at an orchestrator that leaves still gets what it asks for on its way.
    const orLeaving = this.#message.hops > 0;
    this.#resend ??= new Resend(this.#way, { ...this.#scope, orLeaving });
    find(this.#resend)
      .then((peer) => {
        this.#shortenTtl();
        this.#sendBy(peer);
      })
      .catch((error) => this.#sink.error(RpcError.from(error)));
  }

  /** A `ttl` is what remains at sending: less than when the message was made. */
  #shortenTtl(): void {
    if (!this.#message.ttl) return;
    this.#message = { ...this.#message, ttl: ttlWithin(this.#scope.deadline.remainingMs) };
  }
}
