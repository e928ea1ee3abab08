import { create, toBinary } from '@bufbuild/protobuf';
import { onTestFinished } from 'vitest';
import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import {
  type AgentService,
  AgentServiceLinkResponseSchema,
} from '../../../gen/troupe/v1/agent_service_pb.js';
import type { Client } from '../../../services/rpc/client.ts';

/** What one end of a raw link says, batch by batch, when a test tells it to. */
export class Script<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #wake = () => {};
  #ended = false;

  say(batch: T): void {
    this.#waiting.push(batch);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    while (true) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/**
 * The opening end of a link as another language might write it: says what it likes, reads message by message.
 */
export class RawOpener {
  /** What each batch held that was read. */
  readonly batches: { count: number; bytes: number }[] = [];
  readonly #script = new Script<{ messages: AgentMessage[] }>();
  readonly #messages: AsyncGenerator<AgentMessage, void>;
  #first: Promise<IteratorResult<AgentMessage, void>> | undefined;

  /** Opens the link at once; `signal` breaks it. */
  constructor(client: Client<typeof AgentService>, signal?: AbortSignal) {
    this.#messages = this.#read(client.link(this.#script, signal ? { signal } : {}));
    this.#first = this.#messages.next();
    this.#first.catch(() => {});
    onTestFinished(() => this.#script.end());
  }

  say(...messages: AgentMessage[]): void {
    this.#script.say({ messages });
  }

  halfClose(): void {
    this.#script.end();
  }

  /** The next message; nothing where the link has ended well. */
  async next(): Promise<AgentMessage | undefined> {
    const next = this.#first ?? this.#messages.next();
    this.#first = undefined;
    return (await next).value ?? undefined;
  }

  async take(count: number): Promise<AgentMessage[]> {
    const messages = [];
    for (let n = 0; n < count; n++) messages.push((await this.next())!);
    return messages;
  }

  async *#read(responses: AsyncIterable<{ messages: AgentMessage[] }>): AsyncGenerator<AgentMessage, void> {
    for await (const { messages } of responses) {
      const batch = create(AgentServiceLinkResponseSchema, { messages });
      this.batches.push({
        count: messages.length,
        bytes: toBinary(AgentServiceLinkResponseSchema, batch).length,
      });
      yield* messages;
    }
  }
}
