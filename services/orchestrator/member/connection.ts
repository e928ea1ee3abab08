import { create } from '@bufbuild/protobuf';
import type { AgentCard, Capability } from '../../../gen/troupe/v1/agent_card_pb.js';
import {
  type AgentMessage,
  AgentMessageSchema,
  type Heartbeat,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, AgentServiceLinkRequestSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { Link, type SendScope } from '../../protocol/link/open-link.ts';
import { completeMessage } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import type { SchemaCheck } from '../../protocol/schema.ts';
import { stoppedBy, timedOut } from '../../protocol/stopped.ts';
import { resultOfTask, type TaskSink } from '../../protocol/task-sink.ts';
import type { Channel } from '../../rpc/channel.ts';
import { type Client, createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import type { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

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
}

/** The way to one instance: what the dispatcher hands tasks to. Over its link, or by Handle where it serves none. */
export class Connection {
  readonly card: AgentCard;
  /** The input checks that the orchestrator makes for an instance that makes none itself. */
  readonly checks: ReadonlyMap<string, SchemaCheck>;
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
    this.#agent = createClient(AgentService, channel);
    if (!card.servesLink) return;
    this.#link = new Link({
      id: ORCHESTRATOR_ID,
      schema: AgentServiceLinkRequestSchema,
      call: (requests, options) => this.#agent.link(requests, options),
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

  /** Sends a TASK; what becomes of it goes to the sink. */
  send(task: AgentMessage, sink: TaskSink, scope: SendScope): void {
    if (this.#link) return this.#link.send(task, sink, scope);
    this.#handle(task, scope).then(
      (reply) => (reply ? sink.result(reply) : sink.error(this.#noReply())),
      (error) => sink.error(RpcError.from(error)),
    );
  }

  /** Sends a BROADCAST; answers the reply, or nothing where it was only acknowledged. */
  async broadcast(message: AgentMessage, scope: SendScope): Promise<AgentMessage | undefined> {
    if (!this.#link) return this.#handle(message, scope);
    const reply = await resultOfTask((sink) => this.#link?.send(message, sink, scope));
    return reply.payload === undefined ? undefined : reply;
  }

  /** Asks the instance how it is. */
  async heartbeat(scope: SendScope): Promise<Heartbeat | undefined> {
    if (this.#link) return this.#link.heartbeat(scope.deadline);
    const question = create(AgentMessageSchema, { type: MessageType.HEARTBEAT, sender: ORCHESTRATOR_ID });
    return (await this.#handle(completeMessage(question), scope))?.heartbeat;
  }

  /** Ends the link; what is in flight on it fails INSTANCE_LOST. */
  close(): void {
    this.#link?.cut();
  }

  async #handle(message: AgentMessage, { signal, deadline }: SendScope): Promise<AgentMessage | undefined> {
    try {
      const { message: reply } = await this.#agent.handle({ message }, { signal, deadline });
      if (reply?.type === MessageType.ERROR && reply.error) throw RpcError.fromStatus(reply.error);
      return reply;
    } catch (thrown) {
      throw this.#handleFailure(RpcError.from(thrown), signal, deadline);
    }
  }

  #noReply(): RpcError {
    const { id: agent, instanceId: instance } = this.card;
    return troupeError('HANDLER_FAILED', `${agent} answered the task without a message.`, {
      agent,
      instance,
    });
  }

  /** What went wrong between us and the instance gets its reason here; what the instance itself says stays. */
  #handleFailure(error: RpcError, signal: AbortSignal, deadline: Deadline): RpcError {
    if (signal.aborted) return stoppedBy(signal);
    if (error.details.length > 0) return error;
    if (error.code === Code.DEADLINE_EXCEEDED && deadline.expired) return timedOut(error);
    if (error.code !== Code.UNAVAILABLE) return error;
    const { id: agent, instanceId: instance } = this.card;
    const text = `The connection to ${agent} broke: ${error.message}. Work may have been done.`;
    return troupeError('INSTANCE_LOST', text, { agent, instance, cause: error });
  }
}
