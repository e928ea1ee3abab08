import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  type AgentMessageSchema,
  MessageType,
} from '../../gen/troupe/v1/agent_message_pb.js';
import type {
  AgentService,
  AgentServiceLinkRequestSchema,
  AgentServiceLinkResponse,
} from '../../gen/troupe/v1/agent_service_pb.js';
import { uuid7 } from '../protocol/uuid7.ts';
import type { Client } from '../rpc/client.ts';
import { Code } from '../rpc/code.ts';
import { Feed } from '../rpc/feed.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { breach } from './breach.ts';
import { summarize } from './summarize.ts';

/** A message as a check writes it down. */
export type MessageInit = MessageInitShape<typeof AgentMessageSchema>;

/**
 * The opening end of a link that does nothing of its own: it sends the batches that it is given, and keeps
 * all that comes, in its order. No heartbeat, no time-out, no leniency.
 */
export class RawLink {
  /** The batches that came, in their order. */
  readonly batches: AgentServiceLinkResponse[] = [];
  /** The messages that came, in their order. */
  readonly received: AgentMessage[] = [];
  readonly #requests = new Feed<MessageInitShape<typeof AgentServiceLinkRequestSchema>>({
    limit: 10_000,
    overflow: () => new RpcError(Code.RESOURCE_EXHAUSTED, 'The agent does not read its link.'),
  });
  readonly #cut = new AbortController();
  readonly #patienceMs: number;
  #end: { readonly error?: RpcError } | undefined;
  #changed = Promise.withResolvers<void>();

  /** Opens a link. `patienceMs` is how long its methods wait for what has to come. */
  constructor(agent: Client<typeof AgentService>, patienceMs: number) {
    this.#patienceMs = patienceMs;
    void this.#read(agent);
  }

  /** Sends messages in one batch. */
  send(...messages: MessageInit[]): void {
    this.#requests.push({ messages });
  }

  /** Sends one message in a batch of its own; answers its id, which is made where it has none. */
  sendOne(message: MessageInit): string {
    const id = message.id || uuid7();
    this.send({ ...message, id });
    return id;
  }

  /** Sends a message, and answers what ends it. */
  ask(message: MessageInit): Promise<AgentMessage> {
    return this.answer(this.sendOne(message));
  }

  /** Says that no more tasks come. */
  halfClose(): void {
    this.#requests.end();
  }

  /** Breaks the link off. */
  break(): void {
    this.#cut.abort();
  }

  /** What has come about a message. */
  about(id: string): AgentMessage[] {
    return this.received.filter(({ correlationId }) => correlationId === id);
  }

  /** Waits for the message that ends `id`: anything about it but PROGRESS. */
  answer(id: string): Promise<AgentMessage> {
    return this.until(
      () => this.about(id).find(({ type }) => type !== MessageType.PROGRESS),
      'an answer that names the message in correlation_id',
    );
  }

  /** Waits for a HEARTBEAT's answer: what was sent before it has been read by then. */
  async settle(): Promise<void> {
    await this.ask({ type: MessageType.HEARTBEAT });
  }

  /** Waits for the end of the link: how it ended, `undefined` for OK. */
  async ended(): Promise<RpcError | undefined> {
    const { error } = await this.until(() => this.#end, 'the end of the link', true);
    return error;
  }

  /** Waits until `look` finds something. A link that ends first, and waiting in vain, is a breach. */
  async until<T>(look: () => T | undefined, what: string, orEnd = false): Promise<T> {
    const timeUp = AbortSignal.timeout(this.#patienceMs);
    const late = new Promise<void>((resolve) => timeUp.addEventListener('abort', () => resolve()));
    while (true) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#end && !orEnd) throw breach(`the link ended ${this.#howEnded()} before ${what} came`);
      if (timeUp.aborted) throw breach(`no sign of ${what} in ${this.#patienceMs} ms; ${this.#allSeen()}`);
      await Promise.race([this.#changed.promise, late]);
    }
  }

  async #read(agent: Client<typeof AgentService>): Promise<void> {
    try {
      for await (const batch of agent.link(this.#requests, { signal: this.#cut.signal })) {
        this.batches.push(batch);
        this.received.push(...batch.messages);
        this.#notify();
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error: RpcError.from(error) };
    }
    this.#requests.end();
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  #howEnded(): string {
    return this.#end?.error ? String(this.#end.error) : 'OK';
  }

  #allSeen(): string {
    if (this.received.length === 0) return 'nothing came';
    const last = this.received.slice(-3).map((message) => summarize(message));
    return `${this.received.length} came, the last: ${last.join('; ')}`;
  }
}
