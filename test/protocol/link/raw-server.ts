import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { Script } from './raw-link.ts';

/**
 * The serving end of a link as another language might write it: keeps what it hears, says what it is told to.
 */
export class RawServer {
  /** Settles when the opener has half-closed; fails when the link breaks first. */
  readonly halfClosed: Promise<void>;
  readonly #script = new Script<{ messages: AgentMessage[] }>();
  readonly #received: AgentMessage[] = [];
  readonly #halfClose = Promise.withResolvers<void>();
  #told = () => {};

  constructor() {
    this.halfClosed = this.#halfClose.promise;
    this.halfClosed.catch(() => {});
  }

  readonly handler = (
    requests: AsyncIterable<{ messages: AgentMessage[] }>,
  ): AsyncIterable<{ messages: AgentMessage[] }> => {
    void this.#hear(requests);
    return this.#script;
  };

  /** The next message that came. */
  async next(): Promise<AgentMessage> {
    while (this.#received.length === 0) {
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
    return this.#received.shift()!;
  }

  say(...messages: AgentMessage[]): void {
    this.#script.say({ messages });
  }

  /** Ends the link OK. */
  end(): void {
    this.#script.end();
  }

  async #hear(requests: AsyncIterable<{ messages: AgentMessage[] }>): Promise<void> {
    try {
      for await (const { messages } of requests) {
        this.#received.push(...messages);
        this.#told();
      }
      this.#halfClose.resolve();
    } catch (error) {
      this.#halfClose.reject(error);
    }
  }
}
