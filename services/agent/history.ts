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

/** A record as it is kept: what every task leaves behind is to be small. */
type Kept = Omit<HistoryRecord, 'receivedAt'> & { receivedAt: number };

/** The last messages of an instance, for whoever debugs it. */
export class History {
  /** A ring: the next record takes the place of the oldest. */
  readonly #ring: Kept[] = [];
  #next = 0;

  /** The last 256, the oldest first. */
  get records(): readonly HistoryRecord[] {
    const oldestFirst = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return oldestFirst.map(({ receivedAt, ...kept }) => ({ ...kept, receivedAt: new Date(receivedAt) }));
  }

  /** Notes a message, and answers how to note its end. */
  note({ id, sender, capability }: AgentMessage): (error?: RpcError) => void {
    const startedAt = performance.now();
    const record: Kept = { id, sender, capability, receivedAt: Date.now(), ms: undefined, error: undefined };
    this.#ring[this.#next] = record;
    this.#next = (this.#next + 1) % MAX_RECORDS;
    return (error) => {
      record.ms = performance.now() - startedAt;
      if (error) record.error = error;
    };
  }
}
