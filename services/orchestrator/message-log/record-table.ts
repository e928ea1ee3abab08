import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import type { Status } from '../../../gen/google/rpc/status_pb.js';
import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { newMessage } from '../../protocol/codec/new-message.ts';
import { routingOf, statusOf, withoutContent } from './envelope.ts';

/** What is kept of one message. */
export interface Row {
  /** The message; without payload and the content of its attachments where it comes out of a table. */
  message: AgentMessage;
  /** The instance that it goes to, or comes from. Empty: it reaches none. */
  instanceId: string;
  /** The capability that it is about. */
  capability: string;
  /** When it was recorded, in milliseconds of the wall clock. */
  recordedAt: number;
  /** How long the task took at the orchestrator, in milliseconds; nothing where it has not ended. */
  durationMs: number | undefined;
  /** How the task failed; nothing where it did not. */
  outcome: Status | undefined;
  /** The message whole and encoded, where payloads are kept. */
  whole: Uint8Array | undefined;
  /** How many bytes of memory it takes, as estimated. */
  bytes: number;
}

/** What few messages have. */
type Rarities = Pick<Row, 'outcome' | 'whole'> &
  Pick<AgentMessage, 'headers' | 'attachments' | 'error' | 'routing'>;

/** Where in a row's numbers which one stands. */
const RECORDED_AT = 0;
const DURATION = 1;
const BYTES = 2;
const SENT_AT = 3;
const TTL = 5;
const TYPE = 7;
const ATTEMPT = 8;
const SEQUENCE = 9;
const HOPS = 10;
const WIDTH = 11;

/**
 * Rows of a fixed number, kept by columns. What a log keeps outlives all else on a task's way: as objects it would be
 * what the garbage collector carries around, which took more time than the tasks themselves. Here a row is numbers, and
 * a few texts of which most are shared.
 */
export class RecordTable {
  readonly #ids: string[];
  readonly #senders: string[];
  readonly #receivers: string[];
  readonly #correlationIds: string[];
  readonly #ownCapabilities: string[];
  readonly #tasks: string[];
  readonly #idempotencyKeys: string[];
  readonly #instanceIds: string[];
  readonly #capabilities: string[];
  /** All of those. */
  readonly #texts: readonly string[][];
  /** The numbers of a row lie together. What is not there is NaN. */
  readonly #numbers: Float64Array;
  readonly #rarities: (Rarities | undefined)[];

  /** `rows`: how many there are. */
  constructor(rows: number) {
    const columns: string[][] = [];
    const column = () => columns[columns.push(new Array<string>(rows).fill('')) - 1]!;
    this.#texts = columns;
    this.#ids = column();
    this.#senders = column();
    this.#receivers = column();
    this.#correlationIds = column();
    this.#ownCapabilities = column();
    this.#tasks = column();
    this.#idempotencyKeys = column();
    this.#instanceIds = column();
    this.#capabilities = column();
    this.#numbers = new Float64Array(rows * WIDTH);
    this.#rarities = new Array(rows).fill(undefined);
  }

  /** Puts what is to be kept into a row. It holds on to nothing but texts, and to no buffer. */
  set(
    row: number,
    { message, instanceId, capability, recordedAt, durationMs, outcome, whole, bytes }: Row,
  ): void {
    this.#ids[row] = message.id;
    this.#senders[row] = message.sender;
    this.#receivers[row] = message.receiver;
    this.#correlationIds[row] = message.correlationId;
    this.#ownCapabilities[row] = message.capability;
    this.#tasks[row] = message.task;
    this.#idempotencyKeys[row] = message.idempotencyKey;
    this.#instanceIds[row] = instanceId;
    this.#capabilities[row] = capability;

    const numbers = this.#numbers;
    const at = row * WIDTH;
    numbers[at + RECORDED_AT] = recordedAt;
    numbers[at + DURATION] = durationMs ?? Number.NaN;
    numbers[at + BYTES] = bytes;
    setTime(numbers, at + SENT_AT, message.timestamp);
    setTime(numbers, at + TTL, message.ttl);
    numbers[at + TYPE] = message.type;
    numbers[at + ATTEMPT] = message.attempt;
    numbers[at + SEQUENCE] = message.sequence;
    numbers[at + HOPS] = message.hops;

    this.#rarities[row] = rarities(message, outcome, whole);
  }

  /** Empties a row of what takes memory. */
  clear(row: number): void {
    for (const column of this.#texts) column[row] = '';
    this.#rarities[row] = undefined;
  }

  /** How many bytes a row takes, as estimated when it was set. */
  bytes(row: number): number {
    return this.#numbers[row * WIDTH + BYTES]!;
  }

  /** What a row keeps. */
  get(row: number): Row {
    const numbers = this.#numbers;
    const at = row * WIDTH;
    const durationMs = numbers[at + DURATION]!;
    const { outcome, whole } = this.#rarities[row] ?? {};
    return {
      message: this.#message(row),
      instanceId: this.#instanceIds[row]!,
      capability: this.#capabilities[row]!,
      recordedAt: numbers[at + RECORDED_AT]!,
      durationMs: Number.isNaN(durationMs) ? undefined : durationMs,
      outcome,
      whole,
      bytes: numbers[at + BYTES]!,
    };
  }

  #message(row: number): AgentMessage {
    const numbers = this.#numbers;
    const at = row * WIDTH;
    const { headers = {}, attachments = [], error, routing } = this.#rarities[row] ?? {};
    const sent = timeAt(numbers, at + SENT_AT);
    const ttl = timeAt(numbers, at + TTL);
    return {
      ...newMessage(),
      id: this.#ids[row]!,
      sender: this.#senders[row]!,
      receiver: this.#receivers[row]!,
      type: numbers[at + TYPE]!,
      timestamp: sent && { $typeName: 'google.protobuf.Timestamp', ...sent },
      correlationId: this.#correlationIds[row]!,
      ttl: ttl && { $typeName: 'google.protobuf.Duration', ...ttl },
      capability: this.#ownCapabilities[row]!,
      task: this.#tasks[row]!,
      error,
      headers,
      attachments,
      attempt: numbers[at + ATTEMPT]!,
      idempotencyKey: this.#idempotencyKeys[row]!,
      sequence: numbers[at + SEQUENCE]!,
      hops: numbers[at + HOPS]!,
      routing,
    };
  }
}

function rarities(message: AgentMessage, outcome?: Status, whole?: Uint8Array): Rarities | undefined {
  const { headers, attachments, error, routing } = message;
  if (!outcome && !whole && !error && !routing && attachments.length === 0 && isEmpty(headers))
    return undefined;
  const kept = { outcome, whole, headers: { ...headers }, attachments: attachments.map(withoutContent) };
  return {
    ...kept,
    routing: routing && routingOf(routing),
    error: error && (outcome ?? statusOf(error)),
  };
}

function isEmpty(headers: object): boolean {
  for (const _ in headers) return false;
  return true;
}

/** The most seconds that are kept of a time, either way. */
const MOST_SECONDS = Number.MAX_SAFE_INTEGER;

function setTime(numbers: Float64Array, at: number, time: Timestamp | Duration | undefined): void {
  // Of a time that no number holds, what is kept is the nearest that one does.
  numbers[at] = time ? Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, Number(time.seconds))) : Number.NaN;
  numbers[at + 1] = time ? time.nanos : 0;
}

function timeAt(numbers: Float64Array, at: number): { seconds: bigint; nanos: number } | undefined {
  const seconds = numbers[at]!;
  return Number.isNaN(seconds) ? undefined : { seconds: BigInt(seconds), nanos: numbers[at + 1]! };
}
