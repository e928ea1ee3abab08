import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { encodedBytes } from '../../protocol/encoded.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { envelopeBytes, statusBytes, statusOf } from './envelope.ts';
import { RecordTable, type Row } from './record-table.ts';

/** What a log keeps. Whichever bound is met first, the oldest records leave. */
export interface MessageLogOptions {
  /** How many records at most. Default: 10,000. */
  maxRecords?: number;
  /** How many bytes of memory its records may take, as estimated. Default: 64 MiB. */
  maxBytes?: number;
  /** Whether messages are kept whole, with payload and attachments. Default: false. */
  keepPayloads?: boolean;
}

/** A message that goes through. */
export interface NewRecord {
  /** The message. It may change afterwards: what is kept is a copy. */
  message: AgentMessage;
  /** The instance that it goes to, or comes from. Empty: it reaches none. */
  instanceId: string;
  /** The capability that it is about. Default: the message's own, which a reply need not repeat. */
  capability?: string;
  /** How the task failed, where the message is no ERROR that says so itself. Default: it did not. */
  outcome?: RpcError | undefined;
  /** How long the task took at the orchestrator, in milliseconds. */
  durationMs?: number;
}

/** A message as the log keeps it. */
export interface LogRecord extends Readonly<Row> {
  /** Its place in the log, from 1: one more than the record before. */
  readonly sequence: number;
}

/** PROGRESS, HEARTBEAT and CANCEL are not. UNSPECIFIED is a TASK. Source: MessageRecord in the proto. */
const RECORDED: ReadonlySet<MessageType> = new Set([
  MessageType.UNSPECIFIED,
  MessageType.TASK,
  MessageType.BROADCAST,
  MessageType.RESULT,
  MessageType.ERROR,
]);

/**
 * The last messages that went through, for people who ask what happened. It is bounded in records and in
 * bytes. Recording is on the way of every task: it keeps what a reader may want in a table, and nothing else;
 * whatever a reader needs is made when it reads.
 */
export class MessageLog {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #keepPayloads: boolean;
  /** A record stands at its sequence modulo `#maxRecords`. */
  readonly #table: RecordTable;
  readonly #listeners = new Set<(record: LogRecord) => void>();
  /** The sequences of the records that are kept: from `#oldest` to before `#next`. */
  #oldest = 1;
  #next = 1;
  #bytes = 0;

  constructor(options: MessageLogOptions = {}) {
    this.#maxRecords = options.maxRecords ?? 10_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.#keepPayloads = options.keepPayloads ?? false;
    this.#table = new RecordTable(this.#maxRecords);
  }

  /**
   * Keeps a message that is a TASK, BROADCAST, RESULT or ERROR; any other is passed over. One that reaches no instance
   * is kept without its attachments.
   */
  record({ message: told, instanceId, capability, outcome: error, durationMs }: NewRecord): void {
    if (!RECORDED.has(told.type)) return;
    // What was refused may have attachments without number.
    const message = instanceId === '' && told.attachments.length > 0 ? { ...told, attachments: [] } : told;
    const failed = message.error ?? error?.toStatus();
    const outcome = failed && statusOf(failed);
    const whole = this.#keepPayloads ? encodedBytes(message) : undefined;
    const bytes = envelopeBytes(message) + (outcome ? statusBytes(outcome) : 0) + (whole?.length ?? 0);
    const sequence = this.#next;
    this.#makeRoom(bytes);
    this.#table.set(sequence % this.#maxRecords, {
      message,
      instanceId,
      capability: capability ?? message.capability,
      recordedAt: Date.now(),
      durationMs,
      outcome,
      whole,
      bytes,
    });
    this.#next += 1;
    if (this.#listeners.size === 0) return;
    const record = this.#record(sequence);
    for (const listener of this.#listeners) listener(record);
  }

  /** The records kept, the newest first; with `before` only those of a lower sequence. */
  *newestFirst(before = this.#next): Generator<LogRecord, void> {
    for (let sequence = Math.min(before, this.#next) - 1; sequence >= this.#oldest; sequence -= 1) {
      yield this.#record(sequence);
    }
  }

  /** Calls `listener` with each record from now on, until the function that it returns is called. */
  subscribe(listener: (record: LogRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #record(sequence: number): LogRecord {
    return { sequence, ...this.#table.get(sequence % this.#maxRecords) };
  }

  #makeRoom(bytes: number): void {
    this.#bytes += bytes;
    // The newest stays, however large it is: a message is bounded itself.
    while (this.#oldest < this.#next && this.#isOverBound()) this.#drop();
  }

  #isOverBound(): boolean {
    return this.#next - this.#oldest >= this.#maxRecords || this.#bytes > this.#maxBytes;
  }

  #drop(): void {
    const row = this.#oldest % this.#maxRecords;
    this.#bytes -= this.#table.bytes(row);
    this.#table.clear(row);
    this.#oldest += 1;
  }
}
