import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  OrchestratorService,
  OrchestratorServiceLinkRequestSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { Link, type SendScope } from '../protocol/link/open-link.ts';
import type { TaskSink } from '../protocol/task-sink.ts';
import { Channel } from '../rpc/channel.ts';
import { type Client, createClient } from '../rpc/client.ts';
import { Code } from '../rpc/code.ts';
import type { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** One orchestrator as a caller sees it: its services, and a link for tasks. */
export class Peer {
  readonly orchestrator: Client<typeof OrchestratorService>;
  readonly state: Client<typeof StateService>;
  readonly #id: string;
  readonly #channel: Channel;
  #link: Link<typeof OrchestratorServiceLinkRequestSchema> | undefined;
  #servesLink = true;

  /** `id` is the name under which the caller sends. Nothing is connected before it is needed. */
  constructor(address: string, id: string) {
    this.#id = id;
    this.#channel = new Channel(address);
    this.orchestrator = createClient(OrchestratorService, this.#channel);
    this.state = createClient(StateService, this.#channel);
  }

  /** Where the orchestrator is. */
  get address(): string {
    return this.#channel.address;
  }

  /** Waits until the orchestrator is connected. Fails UNAVAILABLE where nobody answers. */
  reached(deadline: Deadline): Promise<void> {
    return this.#channel.ready(deadline);
  }

  /** Sends a message over the link; over unary RPCs to an orchestrator that serves none. */
  send(message: AgentMessage, sink: TaskSink, scope: SendScope): void {
    if (!this.#servesLink) return void this.#call(message, sink, scope);
    this.#openLink().send(
      message,
      {
        progress: (reply) => sink.progress(reply),
        result: (reply) => sink.result(reply),
        // The link may have failed only because there is none: then nothing was sent, and the call is the first try.
        error: (error) => (this.#servesLink ? sink.error(error) : void this.#call(message, sink, scope)),
      },
      scope,
    );
  }

  /** Half-closes the link, and closes the connection once what is in flight has been answered. */
  close(): void {
    if (!this.#link || this.#link.inFlight === 0) return this.cut();
    this.#link.close();
  }

  /** Closes the connection at once; what is in flight fails. */
  cut(): void {
    this.#link?.cut();
    this.#channel.close();
  }

  #openLink(): Link<typeof OrchestratorServiceLinkRequestSchema> {
    if (this.#link?.taking) return this.#link;
    const link = new Link({
      id: this.#id,
      schema: OrchestratorServiceLinkRequestSchema,
      call: (requests, options) => this.orchestrator.link(requests, options),
      onClosed: (error) => {
        if (error?.code === Code.UNIMPLEMENTED) this.#servesLink = false;
      },
    });
    this.#link = link;
    return link;
  }

  async #call(message: AgentMessage, sink: TaskSink, scope: SendScope): Promise<void> {
    try {
      for await (const response of this.orchestrator.dispatchStream({ message }, scope)) {
        sink.routed?.(response.instanceId, response.attempt);
        if (response.message?.type === MessageType.PROGRESS) sink.progress(response.message);
        else if (response.message) sink.result(response.message);
      }
    } catch (error) {
      sink.error(RpcError.from(error));
    }
  }
}
