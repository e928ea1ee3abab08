import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  AgentMessageSchema,
  type Heartbeat,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { CallContext } from '../../rpc/call-context.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { refusalOf } from '../codec/refused-message.ts';
import { encodeReply } from '../encoded.ts';
import { completeMessage } from '../message.ts';
import { troupeError } from '../reason.ts';
import { errorOf, heartbeatOf, replyTo } from '../reply.ts';
import type { TaskHandler } from '../task-sink.ts';
import { IdTable } from './id-table.ts';
import { inTurns } from './in-turns.ts';
import { Outbox } from './outbox.ts';
import { ServedTask } from './served-task.ts';

/**
 * How long a draining server waits for the opener's half-close once nothing is in flight, in milliseconds.
 */
const HALF_CLOSE_WAIT_MS = 1000;

/** What a broadcast is heard under. */
export type BroadcastScope = Pick<CallContext, 'signal' | 'deadline'>;

/** What stands behind the serving end of a link. */
export interface LinkService<D extends DescMessage> {
  /** The id under which this end sends. */
  readonly id: string;
  /** The type of the link's responses. */
  readonly schema: D;
  /** Works on a TASK. */
  readonly task: TaskHandler;
  /** Takes a BROADCAST: answers a reply, or nothing to acknowledge it. */
  readonly broadcast: (message: AgentMessage, scope: BroadcastScope) => Promise<AgentMessage | undefined>;
  /** How this end is. */
  readonly heartbeat: () => Heartbeat;
}

/**
 * The serving end of a link, by the rules in `agent_service.proto`: reads requests, hands each task on, and
 * yields the batches of replies. A bad message costs an ERROR; only the end of the stream ends the link.
 */
export function serveLink<D extends DescMessage>(
  requests: AsyncIterable<{ messages: AgentMessage[] }>,
  context: CallContext,
  service: LinkService<D>,
): AsyncIterableIterator<MessageShape<D>, undefined> {
  const link = new LinkServer(context, service);
  void link.read(requests);
  return link.outbox;
}

class LinkServer<D extends DescMessage> {
  readonly outbox: Outbox<D>;
  readonly #context: CallContext;
  readonly #service: LinkService<D>;
  readonly #tasks = new IdTable<ServedTask>();
  /** The broadcasts in flight, by their ids: what tells whoever hears one to stop. */
  readonly #broadcasts = new Map<string, AbortController>();
  readonly #closed = new AbortController();
  /** Who the replies come from. */
  readonly #from: { sender: string };
  #halfClosed = false;

  constructor(context: CallContext, service: LinkService<D>) {
    this.outbox = new Outbox(service.schema, () => this.close());
    this.#context = context;
    this.#service = service;
    this.#from = { sender: service.id };
    const { signal, draining } = context;
    const until = { signal: this.#closed.signal };
    // The requests tell of a broken stream as well, but not after their half-close.
    signal.addEventListener('abort', () => this.#broken(signal.reason), until);
    draining.addEventListener('abort', () => this.#drain(), until);
    if (draining.aborted) this.#drain();
  }

  /**
   * Reads until the opener half-closes or the stream breaks. Who asks on and on, and does not read what is answered, is
   * not read either until there is room: HTTP/2 then holds up its requests.
   */
  async read(requests: AsyncIterable<{ messages: AgentMessage[] }>): Promise<void> {
    try {
      for await (const { messages } of requests) {
        await inTurns(messages, (message) => this.#receive(message));
        const room = this.outbox.room();
        // A promise for every batch would show.
        if (room) await room;
      }
      this.#halfClosed = true;
      this.#endIfDone();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Cancels what is still in flight, and lets go of the call. */
  close(): void {
    this.#closed.abort();
    this.outbox.end();
    if (this.#tasks.size === 0 && this.#broadcasts.size === 0) return;
    const reason = troupeError('TASK_CANCELLED', 'The link that the message came over broke.');
    for (const task of this.#tasks.values()) task.cancel(reason);
    for (const broadcast of this.#broadcasts.values()) broadcast.abort(reason);
  }

  #broken(reason: unknown): void {
    this.outbox.end(RpcError.from(reason));
    this.close();
  }

  #receive(received: AgentMessage): void {
    // The rest of a batch whose sender is gone.
    if (this.#closed.signal.aborted) return;
    const message = completeMessage(received);
    try {
      switch (message.type) {
        case MessageType.TASK:
          return this.#startTask(message);
        case MessageType.BROADCAST:
          this.#refuseDuplicate(message);
          return void this.#answerBroadcast(message);
        case MessageType.CANCEL:
          return this.#cancel(message.correlationId);
        case MessageType.HEARTBEAT:
          return this.#send(message, heartbeatOf(message, this.#service.heartbeat(), this.#from));
        default:
          throw refusalOf(message) ?? unknownType(message);
      }
    } catch (error) {
      this.#send(message, errorOf(message, RpcError.from(error), this.#from));
    }
  }

  #startTask(message: AgentMessage): void {
    if (this.#context.draining.aborted) throw draining();
    this.#refuseDuplicate(message);
    const task = new ServedTask(message, this.#service.id, this.outbox, () => {
      this.#tasks.delete(message.id);
      this.#endIfDone();
    });
    this.#tasks.add(message.id, task);
    const { deadline, log } = this.#context;
    try {
      this.#service.task(message, task, { signal: task.signal, deadline, log });
    } catch (error) {
      task.error(RpcError.from(error));
    }
  }

  #cancel(id: string): void {
    this.#tasks.get(id)?.cancel(cancelled());
    this.#broadcasts.get(id)?.abort(cancelled());
  }

  #refuseDuplicate({ id }: AgentMessage): void {
    if (!this.#tasks.has(id) && !this.#broadcasts.has(id)) return;
    throw troupeError('DUPLICATE_ID', `A message with the id ${id} is already in flight on this link.`);
  }

  async #answerBroadcast(message: AgentMessage): Promise<void> {
    const stop = new AbortController();
    this.#broadcasts.set(message.id, stop);
    const { deadline } = this.#context;
    try {
      const reply = await this.#service.broadcast(message, { signal: stop.signal, deadline });
      this.#send(message, reply ?? replyTo(message, MessageType.RESULT, this.#from));
    } catch (error) {
      this.#send(message, errorOf(message, RpcError.from(error), this.#from));
    } finally {
      this.#broadcasts.delete(message.id);
      this.#endIfDone();
    }
  }

  #send(message: AgentMessage, reply: AgentMessage): void {
    this.outbox.push(encodeReply(message, reply));
  }

  #drain(): void {
    const heartbeat = { ...this.#service.heartbeat(), status: AgentStatus.DRAINING };
    const nothing = create(AgentMessageSchema);
    this.#send(nothing, heartbeatOf(nothing, heartbeat, this.#from));
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#tasks.size > 0 || this.#broadcasts.size > 0) return;
    const end = () => this.outbox.end(this.#context.draining.aborted ? draining() : undefined);
    if (this.#halfClosed) end();
    else if (this.#context.draining.aborted) setTimeout(end, HALF_CLOSE_WAIT_MS).unref();
  }
}

function unknownType({ type }: AgentMessage): RpcError {
  const text = `The opener of a link sends TASK, CANCEL, BROADCAST and HEARTBEAT, not type ${type}.`;
  return troupeError('UNKNOWN_MESSAGE_TYPE', text);
}

function draining(): RpcError {
  return troupeError('DRAINING', 'This instance is about to leave and takes nothing new. Ask another one.');
}

function cancelled(): RpcError {
  return troupeError('TASK_CANCELLED', 'The caller cancelled the task.');
}
