import { create, type DescMessage } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  AgentMessageSchema,
  type Heartbeat,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { Deadline } from '../../rpc/deadline.ts';
import { neverSent } from '../../rpc/never-sent.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { encodeMessage } from '../encoded.ts';
import { completeMessage } from '../message.ts';
import { troupeError } from '../reason.ts';
import { stoppedBy } from '../stopped.ts';
import { type TaskSink, tellUnsent } from '../task-sink.ts';
import { IdTable } from './id-table.ts';
import { InFlight, type SendScope } from './in-flight.ts';
import { inTurns } from './in-turns.ts';
import { errorIn, lost, refused, unsent } from './link-failure.ts';
import type { LinkOptions } from './link-options.ts';
import { Liveness } from './liveness.ts';
import { Outbox } from './outbox.ts';
import { OwedAnswers } from './owed-answers.ts';

/**
 * The opening end of a link, by the rules in `agent_service.proto`: many messages in flight at once, each
 * answered into its sink. It opens when it is made; nothing is replayed when it ends.
 */
export class Link<D extends DescMessage> {
  readonly #options: LinkOptions<D>;
  readonly #outbox: Outbox<D>;
  readonly #inFlight = new IdTable<InFlight>();
  readonly #owed = new OwedAnswers();
  readonly #stop = new AbortController();
  readonly #liveness: Liveness;
  /** Ends a message in flight whose caller waits no more, and tells the other end. */
  readonly #abandon = (id: string, error: RpcError): void => {
    if (this.#inFlight.get(id)?.ahead === Number.POSITIVE_INFINITY) this.#owed.waitNoMore(id);
    else {
      this.#outbox.push(encodeMessage(this.#message(MessageType.CANCEL, id)));
      this.#owed.owe(id);
    }
    this.#fail(id, error);
  };
  #taking = true;
  #otherDrains = false;
  #heard = false;
  #unknownReplies = 0;

  constructor(options: LinkOptions<D>) {
    this.#options = options;
    const outbox = new Outbox(options.schema);
    this.#outbox = outbox;
    this.#liveness = new Liveness(
      {
        busy: () => this.#inFlight.size > 0,
        get bytesSent() {
          return outbox.takenBytes;
        },
        get bytesRead() {
          return options.bytesRead?.() ?? 0;
        },
        ask: () => this.#outbox.pushFirst(encodeMessage(this.#message(MessageType.HEARTBEAT))),
        lost: () => {
          this.cut(lost('The other end was silent for too long.'));
          options.onSilent?.();
        },
      },
      options.liveness,
    );
    void this.#read();
  }

  /**
   * Whether messages can be sent: not after the link has ended, was closed, or the other end began to drain.
   */
  get taking(): boolean {
    return this.#taking;
  }

  /** Whether the other end is about to leave. */
  get draining(): boolean {
    return this.#otherDrains;
  }

  /** How many messages are in flight. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** How many replies came that were about nothing in flight, and were dropped. */
  get unknownReplies(): number {
    return this.#unknownReplies;
  }

  /**
   * Sends a TASK, BROADCAST or HEARTBEAT; its reply goes to the sink. When the scope's signal aborts or its
   * deadline passes, the sink is told at once and the other end gets a CANCEL. Too large a message goes to
   * the sink as MESSAGE_TOO_LARGE and is never written. On a link that takes no more the message is DRAINING
   * where the other end drains, else NO_LIVE_INSTANCE, as is one that had not been handed to the network when the
   * link ended: a sink with `unsent` hears of these by that, since no work was done.
   */
  send(message: AgentMessage, sink: TaskSink, scope: SendScope): void {
    try {
      if (!this.#takes(message)) return tellUnsent(sink, refused(this.#otherDrains));
      if (scope.signal?.aborted) throw stoppedBy(scope.signal);
      if (this.#inFlight.has(message.id)) {
        throw troupeError('DUPLICATE_ID', `A message with the id ${message.id} is already in flight.`);
      }
      const bytes = encodeMessage(message);
      const entry = new InFlight(message, sink, scope, this.#abandon);
      this.#inFlight.add(message.id, entry);
      const push = () => {
        entry.ahead = this.#outbox.push(bytes);
      };
      if (this.#owed.has(message.id)) this.#owed.wait(message.id, push);
      else push();
    } catch (error) {
      sink.error(RpcError.from(error));
    }
  }

  /** Asks the other end how it is. Fails as `send` does. */
  heartbeat(deadline: Deadline): Promise<Heartbeat | undefined> {
    return new Promise((resolve, reject) => {
      const sink = {
        progress: () => {},
        result: (reply: AgentMessage) => resolve(reply.heartbeat),
        error: reject,
      };
      this.send(this.#message(MessageType.HEARTBEAT), sink, { deadline });
    });
  }

  /**
   * Takes no more messages, and half-closes once those in flight have been answered: until then they may have
   * to be cancelled, and the other end asked for a sign of life.
   */
  close(): void {
    this.#taking = false;
    this.#halfCloseIfDone();
  }

  /** Ends the link at once; what is in flight fails INSTANCE_LOST, or with `reason`. */
  cut(reason: RpcError = lost('This end cut it.')): void {
    this.#taking = false;
    this.#stop.abort(reason);
  }

  async #read(): Promise<void> {
    let end: RpcError | undefined;
    try {
      const responses = this.#options.call(this.#outbox, { signal: this.#stop.signal });
      for await (const { messages } of responses) {
        this.#heard = true;
        this.#liveness.heard();
        await inTurns(messages, (message) => this.#hear(message));
      }
    } catch (error) {
      end = RpcError.from(error);
    }
    this.#ended(end);
  }

  #hear(message: AgentMessage): void {
    const { correlationId: id, heartbeat, type } = message;
    if (heartbeat) this.#options.onHeartbeat?.(heartbeat);
    if (heartbeat?.status === AgentStatus.DRAINING) this.#drain();
    if (this.#owed.has(id)) {
      if (type !== MessageType.PROGRESS) this.#owed.paid(id);
      return;
    }
    const entry = this.#inFlight.get(id);
    // The answer to a liveness check is about nothing in flight either, but it is expected.
    if (entry) this.#tell(id, entry, message);
    else if (type !== MessageType.HEARTBEAT) this.#unknownReplies++;
  }

  /** Tells a sink. One that throws has its task fail; the link, and what else is in flight on it, goes on. */
  #tell(id: string, entry: InFlight, message: AgentMessage): void {
    const isLast = message.type !== MessageType.PROGRESS;
    try {
      if (isLast) this.#end(id, entry);
      if (message.type === MessageType.ERROR) entry.sink.error(errorIn(message));
      else if (isLast) entry.sink.result(message);
      else entry.sink.progress(message);
    } catch (thrown) {
      this.#end(id, entry);
      entry.sink.error(RpcError.from(thrown));
    }
    if (isLast) this.#halfCloseIfDone();
  }

  #drain(): void {
    if (this.#otherDrains) return;
    this.#otherDrains = true;
    this.close();
    this.#options.onDraining?.();
  }

  /** How the other end is can be asked for as long as this end has not half-closed. */
  #takes({ type }: AgentMessage): boolean {
    return this.#taking || (type === MessageType.HEARTBEAT && !this.#outbox.ended);
  }

  #halfCloseIfDone(): void {
    if (!this.#taking && this.#inFlight.size === 0) this.#outbox.end();
  }

  /** Fails a message in flight, where it still is. */
  #fail(id: string, error: RpcError): void {
    const entry = this.#inFlight.get(id);
    if (!entry) return;
    this.#end(id, entry);
    entry.sink.error(error);
    this.#halfCloseIfDone();
  }

  #end(id: string, entry: InFlight): void {
    this.#inFlight.delete(id);
    entry.release();
  }

  #message(type: MessageType, correlationId = ''): AgentMessage {
    return completeMessage(create(AgentMessageSchema, { type, correlationId }), { sender: this.#options.id });
  }

  #ended(end: RpcError | undefined): void {
    this.#taking = false;
    this.#liveness.stop();
    // What waits is not sent any more, and what was taken may have been, unless the link never came about.
    const sent = end && !this.#heard && neverSent(end) ? 0 : this.#outbox.taken;
    void this.#outbox.return();
    this.#options.onClosed?.(end);
    const { signal } = this.#stop;
    const failure = signal.aborted ? signal.reason : lost(end?.message ?? 'The other end closed it.', end);
    for (const id of this.#inFlight.ids()) {
      const entry = this.#inFlight.get(id);
      if (!entry || entry.ahead < sent) this.#fail(id, failure);
      else {
        this.#end(id, entry);
        tellUnsent(entry.sink, unsent(this.#otherDrains, failure));
      }
    }
  }
}
