import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  OrchestratorService,
  OrchestratorServiceLinkRequestSchema,
} from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { messageCodecs } from '../protocol/codecs.ts';
import { encodedSize } from '../protocol/encoded.ts';
import type { SendScope } from '../protocol/link/in-flight.ts';
import { Link } from '../protocol/link/open-link.ts';
import { admitSize } from '../protocol/message.ts';
import { reasonOf, troupeError } from '../protocol/reason.ts';
import { stoppedBy, timedOut } from '../protocol/stopped.ts';
import type { TaskSink } from '../protocol/task-sink.ts';
import type { CallOptions } from '../rpc/call-options.ts';
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
    this.orchestrator = createClient(OrchestratorService, this.#channel, messageCodecs);
    this.state = createClient(StateService, this.#channel);
  }

  /** Where the orchestrator is. */
  get address(): string {
    return this.#channel.address;
  }

  /** Whether the orchestrator is connected and not about to leave: what is sent now needs not wait. */
  get isReached(): boolean {
    return this.#link?.taking === true || (this.#channel.connected && !this.#link?.draining);
  }

  /**
   * Waits until the orchestrator is connected. Fails UNAVAILABLE where nobody answers, or DRAINING where it
   * is about to leave.
   */
  async reached(deadline: Deadline, signal?: AbortSignal): Promise<void> {
    await this.#channel.ready(deadline, signal);
    if (this.#link?.draining) {
      throw troupeError('DRAINING', `The orchestrator at ${this.address} is about to leave.`);
    }
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

  /** Takes nothing new, and closes the connection once what is in flight has been answered. */
  close(): void {
    this.#link?.close();
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
        if (this.#link === link) this.#link = undefined;
      },
    });
    this.#link = link;
    return link;
  }

  async #call(message: AgentMessage, sink: TaskSink, scope: SendScope): Promise<void> {
    try {
      admitSize(encodedSize(message));
      for await (const { message: reply } of this.orchestrator.dispatchStream(
        { message },
        callOptions(scope),
      )) {
        if (reply?.type === MessageType.PROGRESS) sink.progress(reply);
        else if (reply) return sink.result(reply);
      }
      throw new RpcError(
        Code.INTERNAL,
        `The orchestrator at ${this.address} ended a task without its result.`,
      );
    } catch (thrown) {
      const error = RpcError.from(thrown);
      if (scope.signal?.aborted) sink.error(stoppedBy(scope.signal));
      // gRPC keeps the deadline by a clock of its own, which may strike just before ours.
      else if (timeIsUp(error, scope) && reasonOf(error) === undefined) sink.error(timedOut(error));
      else sink.error(error);
    }
  }
}

function callOptions({ signal, deadline }: SendScope): CallOptions {
  return signal ? { signal, deadline } : { deadline };
}

function timeIsUp({ code }: RpcError, { deadline }: SendScope): boolean {
  return code === Code.DEADLINE_EXCEEDED || deadline.expired;
}
