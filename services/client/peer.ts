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
import { troupeError } from '../protocol/reason.ts';
import { stoppedBy, timedOut } from '../protocol/stopped.ts';
import { type TaskSink, tellUnsent } from '../protocol/task-sink.ts';
import type { CallOptions } from '../rpc/call-options.ts';
import { Channel, nobodyAnswers, type Wait } from '../rpc/channel.ts';
import { type Client, createClient } from '../rpc/client.ts';
import { Code } from '../rpc/code.ts';
import type { Deadline } from '../rpc/deadline.ts';
import { neverSent } from '../rpc/never-sent.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/**
 * How long an orchestrator that has said that it is about to leave is believed while its connection stands, in
 * milliseconds: that of a proxy before it stands for ever.
 */
const LEAVING_MS = 500;

/** One orchestrator as a caller sees it: its services, and a link for tasks. */
export class Peer {
  readonly orchestrator: Client<typeof OrchestratorService>;
  readonly state: Client<typeof StateService>;
  readonly #id: string;
  readonly #channel: Channel;
  #link: Link<typeof OrchestratorServiceLinkRequestSchema> | undefined;
  #servesLink = true;
  /** Until when it counts as about to leave, in milliseconds of the monotonic clock. */
  #leavingUntil = 0;

  /** `id` is the name under which the caller sends. Nothing is connected before it is needed. */
  constructor(address: string, id: string) {
    this.#id = id;
    this.#channel = new Channel(address);
    this.orchestrator = createClient(OrchestratorService, this.#channel, messageCodecs);
    this.state = createClient(StateService, this.#channel);
    this.#channel.onDisconnected(() => {
      this.#leavingUntil = 0;
    });
  }

  /** Where the orchestrator is. */
  get address(): string {
    return this.#channel.address;
  }

  /** Whether the orchestrator is connected and not about to leave: what is sent now needs not wait. */
  get isReached(): boolean {
    return this.#link?.taking === true || (this.#channel.connected && !this.#isLeaving);
  }

  /** Whether the orchestrator is connected, be it that it is about to leave. */
  get isConnected(): boolean {
    return this.#channel.connected;
  }

  /** Whether it serves links; true until it has said that it does not. */
  get servesLink(): boolean {
    return this.#servesLink;
  }

  get #isLeaving(): boolean {
    return this.#link?.draining === true || performance.now() < this.#leavingUntil;
  }

  /** Whoever begins to wait for an answer is to tell when its time has run out. */
  beginWait(): Wait {
    return this.#channel.beginWait();
  }

  /** The time for an answer has run out: where nothing at all came, another connection is made. */
  waitedInVain(wait: Wait): void {
    this.#channel.waitedInVain(wait);
  }

  /** Calls `listener` each time that the connection is made or breaks. */
  onConnection(listener: () => void): void {
    this.#channel.onConnection(listener);
  }

  /** Notes that it has said, not over its link, that it is about to leave. */
  leaves(): void {
    this.#leavingUntil = performance.now() + LEAVING_MS;
  }

  /**
   * Waits until the orchestrator is connected, or one attempt at it has failed: then it goes on by itself. Fails
   * UNAVAILABLE where nobody answers, or DRAINING where it is about to leave.
   */
  async reached(deadline: Deadline): Promise<void> {
    if (this.#channel.failing) throw nobodyAnswers(this.address);
    await this.#channel.ready(deadline);
    if (this.#isLeaving) {
      throw troupeError('DRAINING', `The orchestrator at ${this.address} is about to leave.`);
    }
  }

  /**
   * Sends a message over the link; by DispatchStream to an orchestrator that serves none, or is about to leave. One
   * that turns out to serve none has not got what was sent over the link.
   */
  send(message: AgentMessage, sink: TaskSink, scope: SendScope): void {
    if (this.#link?.taking || (this.#servesLink && !this.#isLeaving))
      this.#openLink().send(message, sink, scope);
    else void this.#call(message, sink, scope);
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
      bytesRead: () => this.#channel.bytesRead,
      onDraining: () => this.leaves(),
      onSilent: () => this.#channel.cut(),
      onClosed: (error) => {
        if (error?.code === Code.UNIMPLEMENTED) this.#servesLink = false;
        if (this.#link === link) this.#link = undefined;
      },
    });
    this.#link = link;
    return link;
  }

  async #call(message: AgentMessage, sink: TaskSink, scope: SendScope): Promise<void> {
    let result: AgentMessage | undefined;
    try {
      admitSize(encodedSize(message));
      // Read to its end: leaving it resets the call, and an HTTP/2 server closes a connection with many resets.
      for await (const { message: reply } of this.orchestrator.dispatchStream(
        { message },
        callOptions(scope),
      )) {
        if (reply?.type === MessageType.PROGRESS) sink.progress(reply);
        else result ??= reply;
      }
    } catch (thrown) {
      // Once the RESULT is here, the rest of the call says nothing.
      if (!result) return this.#fail(RpcError.from(thrown), sink, scope);
    }
    if (result) return sink.result(result);
    const text = `The orchestrator at ${this.address} ended a task without its result.`;
    sink.error(new RpcError(Code.INTERNAL, text));
  }

  #fail(error: RpcError, sink: TaskSink, scope: SendScope): void {
    if (!neverSent(error) || scope.signal?.aborted) return sink.error(this.#callFailure(error, scope));
    const text = `Nothing was sent to ${this.address}: ${error.message}`;
    tellUnsent(sink, troupeError('NO_LIVE_INSTANCE', text, { cause: error }));
  }

  /**
   * What went wrong between us and the orchestrator gets the reason that it has on a link; what it says itself
   * stays.
   */
  #callFailure(error: RpcError, scope: SendScope): RpcError {
    if (scope.signal?.aborted) return stoppedBy(scope.signal);
    if (error.details.length > 0) return error;
    // gRPC keeps the deadline by a clock of its own, which may strike just before ours.
    return timeIsUp(error, scope) ? timedOut(error) : this.lost(error);
  }

  /** The failure of a call that was sent: where the connection broke, INSTANCE_LOST as on a link; else itself. */
  lost(error: RpcError): RpcError {
    if (error.details.length > 0 || error.code !== Code.UNAVAILABLE) return error;
    const text = `The connection to ${this.address} broke: ${error.message} Work may have been done.`;
    return troupeError('INSTANCE_LOST', text, { cause: error });
  }
}

function callOptions({ signal, deadline }: SendScope): CallOptions {
  return signal ? { signal, deadline } : { deadline };
}

function timeIsUp({ code }: RpcError, { deadline }: SendScope): boolean {
  return code === Code.DEADLINE_EXCEEDED || deadline.expired;
}
