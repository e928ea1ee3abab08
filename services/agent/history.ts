import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { RpcError } from '../rpc/rpc-error.ts';

/** How many messages an instance remembers. */
const MAX_RECORDS = 256;

/** A message that an instance took, and how it ended. Payloads are not kept. */
export interface HistoryRecord {
  /** The message's id. */
  id: string;
  /** Who sent it. */
  sender: string;
  /** The capability that it asked for; empty for a broadcast. */
  capability: string;
  /** When it came, by the wall clock, for people. */
  receivedAt: Date;
  /** How long it took, in milliseconds; nothing while it is in flight. */
  ms?: number;
  /** Why it failed; nothing where it did not. */
  error?: RpcError;
}

/** The last messages of an instance, for whoever debugs it. */
export class History {
  /** A ring: the next record takes the place of the oldest. */
  readonly #ring: HistoryRecord[] = [];
  #next = 0;

  /** The last 256, the oldest first. */
  get records(): readonly HistoryRecord[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  /** Notes a message, and answers how to note its end. */
  note({ id, sender, capability }: AgentMessage): (error?: RpcError) => void {
    const startedAt = performance.now();
    const record: HistoryRecord = { id, sender, capability, receivedAt: new Date() };
    this.#ring[this.#next] = record;
    this.#next = (this.#next + 1) % MAX_RECORDS;
    return (error) => {
      record.ms = performance.now() - startedAt;
      if (error) record.error = error;
    };
  }
}
