import { create } from '@bufbuild/protobuf';
import type { AgentCard, Capability } from '../../../gen/troupe/v1/agent_card_pb.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  type Heartbeat,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, AgentServiceLinkRequestSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { messageCodecs } from '../../protocol/codecs.ts';
import { encodedSize } from '../../protocol/encoded.ts';
import type { SendScope } from '../../protocol/link/in-flight.ts';
import { Link } from '../../protocol/link/open-link.ts';
import { admitSize, completeMessage } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import type { SchemaCheck } from '../../protocol/schema.ts';
import { stoppedBy, timedOut } from '../../protocol/stopped.ts';
import { resultOfTask, type TaskSink } from '../../protocol/task-sink.ts';
import type { Channel } from '../../rpc/channel.ts';
import { type Client, createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import { neverSent } from '../../rpc/never-sent.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { StopSignal } from '../../rpc/stop-signal.ts';
import { completeAnswer, explainFailure } from './answer.ts';

/** The name under which an orchestrator sends. */
export const ORCHESTRATOR_ID = 'orchestrator';

/** How a connection tells of itself. */
export interface ConnectionEvents {
  /** The instance has begun to drain. */
  onDraining(): void;
  /** The instance has said how it is. */
  onHeartbeat(heartbeat: Heartbeat): void;
  /** The link to it has ended: it is lost, or has left. */
  onLinkClosed(error: RpcError | undefined): void;
  /** A sink has thrown, which none must: its task is not told of any more. */
  onSinkFailed(fault: unknown): void;
}

/**
 * The way to one instance: what the dispatcher hands tasks to. Over its link, or by Handle where it serves
 * none.
 */
export class Connection {
  readonly card: AgentCard;
  /** The input checks that the orchestrator makes for an instance that makes none itself. */
  readonly checks: ReadonlyMap<string, SchemaCheck>;
  readonly #events: ConnectionEvents;
  readonly #agent: Client<typeof AgentService>;
  readonly #link: Link<typeof AgentServiceLinkRequestSchema> | undefined;

  constructor(
    channel: Channel,
    card: AgentCard,
    checks: ReadonlyMap<string, SchemaCheck>,
    events: ConnectionEvents,
  ) {
    this.card = card;
    this.checks = checks;
    this.#events = events;
    this.#agent = createClient(AgentService, channel, messageCodecs);
    if (!card.servesLink) return;
    this.#link = new Link({
      id: ORCHESTRATOR_ID,
      schema: AgentServiceLinkRequestSchema,
      call: (requests, options) => this.#agent.link(requests, options),
      bytesRead: () => channel.bytesRead,
      onDraining: () => events.onDraining(),
      onHeartbeat: (heartbeat) => events.onHeartbeat(heartbeat),
      onClosed: (error) => events.onLinkClosed(error),
    });
  }

  /** The capability of that name; where none is named, the only one that there is. */
  capability(name: string): Capability | undefined {
    const { capabilities } = this.card;
    if (name === '') return capabilities.length === 1 ? capabilities[0] : undefined;
    return capabilities.find((capability) => capability.name === name);
  }

  /** Sends a TASK; what becomes of it goes to the sink, as the instance says it. */
  send(task: AgentMessage, sink: TaskSink, scope: SendScope): void {
    if (this.#link) return this.#link.send(task, sink, scope);
    this.#handle(task, scope)
      .then(
        (reply) => (reply ? sink.result(reply) : sink.error(this.#noReply())),
        (error) => sink.error(RpcError.from(error)),
      )
      // A rejection that nobody hears of would end the process.
      .catch((fault) => this.#events.onSinkFailed(fault));
  }

  /** Sends a BROADCAST; answers the reply, or nothing where it was only acknowledged. */
  async broadcast(message: AgentMessage, scope: SendScope): Promise<AgentMessage | undefined> {
    try {
      const reply = this.#link
        ? await resultOfTask((sink) => this.#link?.send(message, sink, scope))
        : await this.#handle(message, scope);
      const isAcknowledgement = !reply || (this.#link && reply.payload === undefined);
      return isAcknowledgement ? undefined : completeAnswer(message, reply, this.card);
    } catch (thrown) {
      throw explainFailure(thrown, this.card);
    }
  }

  /** Asks the instance how it is, and lets `onHeartbeat` know. Nothing where it answers something else. */
  async heartbeat(scope: SendScope): Promise<Heartbeat | undefined> {
    // A link that drains takes nothing new, not even this.
    if (this.#link?.taking) return this.#link.heartbeat(scope.deadline);
    const question = create(AgentMessageSchema, { type: MessageType.HEARTBEAT, sender: ORCHESTRATOR_ID });
    const heartbeat = (await this.#handle(completeMessage(question), scope))?.heartbeat;
    if (heartbeat) this.#events.onHeartbeat(heartbeat);
    return heartbeat;
  }

  /** Takes no more; what is in flight finishes. */
  close(): void {
    this.#link?.close();
  }

  /** Ends the link at once; what is in flight on it fails INSTANCE_LOST. */
  cut(): void {
    this.#link?.cut();
  }

  async #handle(message: AgentMessage, { signal, deadline }: SendScope): Promise<AgentMessage | undefined> {
    admitSize(encodedSize(message));
    try {
      return (await this.#agent.handle({ message }, { ...(signal && { signal }), deadline })).message;
    } catch (thrown) {
      throw this.#handleFailure(RpcError.from(thrown), signal);
    }
  }

  #noReply(): RpcError {
    const { id: agent, instanceId: instance } = this.card;
    return troupeError('HANDLER_FAILED', `${agent} answered the task without a message.`, {
      agent,
      instance,
    });
  }

  /**
   * What went wrong between us and the instance gets its reason here; what the instance itself says stays.
   */
  #handleFailure(error: RpcError, signal: StopSignal | undefined): RpcError {
    if (signal?.aborted) return stoppedBy(signal);
    if (error.details.length > 0) return error;
    if (error.code === Code.DEADLINE_EXCEEDED) return timedOut(error);
    // Nobody here cancelled: so does a server that is cut off end its calls.
    if (error.code !== Code.UNAVAILABLE && error.code !== Code.CANCELLED) return error;
    const { id: agent, instanceId: instance } = this.card;
    if (neverSent(error)) {
      const text = `Nothing was sent to ${agent}: ${error.message}`;
      return troupeError('NO_LIVE_INSTANCE', text, { agent, instance, cause: error });
    }
    const text = `The connection to ${agent} broke: ${error.message}. Work may have been done.`;
    return troupeError('INSTANCE_LOST', text, { agent, instance, cause: error });
  }
}
