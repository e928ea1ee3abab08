import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { wallClock } from './codec/new-message.ts';
import { fieldPath } from './field-path.ts';
import { checkLabels } from './labels.ts';
import { quoted } from './quoted.ts';
import { troupeError, type Violation } from './reason.ts';
import { uuid7 } from './uuid7.ts';

/** The largest that a message may be, encoded: what a gRPC message may be by default, less room for a batch's frame. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024 - 64 * 1024;

/** The most agents that may pass work on. */
export const MAX_HOPS = 16;

/** The most headers of a message. */
export const MAX_HEADERS = 32;

/** The most bytes of all headers of a message together, names and values. */
export const MAX_HEADER_BYTES = 8 * 1024;

/** The most attachments of a message. */
export const MAX_ATTACHMENTS = 256;

/** How many violations are looked for: about as many as an error has room for. */
const MAX_VIOLATIONS = 32;

/** The most bytes of an affinity key: twice the longest id. */
export const MAX_AFFINITY_KEY_BYTES = 256;

/** The most that `nanos` of a protobuf Duration may be. */
const MAX_NANOS = 999_999_999;

/** The most bytes of the id of a message, of who it is from and for, and of the other names in it: as of an affinity key. */
export const MAX_NAME_BYTES = 256;

/** The names in a message: other members keep them, repeat them in their replies, and compare them. */
const NAMES = {
  id: 'id',
  sender: 'sender',
  receiver: 'receiver',
  capability: 'capability',
  correlationId: 'correlation_id',
  idempotencyKey: 'idempotency_key',
} as const;

/** What a message is given where it says nothing itself. */
export interface CompleteOptions {
  /** Who sends it. Default: `anonymous`. */
  sender?: string;
}

/**
 * Fills in, in the message itself, what every receiver fills in where it is empty: `id`, `sender`, `timestamp`, and
 * TASK as its `type`. Returns the same message.
 */
export function completeMessage(message: AgentMessage, options?: CompleteOptions): AgentMessage {
  message.id ||= uuid7();
  message.sender ||= options?.sender ?? 'anonymous';
  message.type ||= MessageType.TASK;
  message.timestamp ??= wallClock();
  return message;
}

/** gRPC metadata that enters a message's headers: that of traces. Nothing else does, `authorization` least of all. */
const FORWARDED_METADATA = ['traceparent', 'tracestate', 'baggage'];

/**
 * Takes the metadata of a unary call into the headers of its message, in the message itself. Returns the same
 * message.
 */
export function forwardMetadata(message: AgentMessage, metadata: Headers): AgentMessage {
  for (const name of FORWARDED_METADATA) {
    const value = metadata.get(name);
    if (value !== null) message.headers[name] ??= value;
  }
  return message;
}

/**
 * Refuses a message that breaks a rule of the contract: MESSAGE_TOO_LARGE, HOP_LIMIT, or INVALID_MESSAGE with every
 * violation. The payload is not looked into. `bytes` is its encoded size, where it is known.
 */
export function admitMessage(message: AgentMessage, bytes = 0): void {
  admitSize(bytes);
  if (message.hops > MAX_HOPS) {
    throw troupeError(
      'HOP_LIMIT',
      `The work was passed on by ${message.hops} agents, and ${MAX_HOPS} is the limit: look for agents that ask one another in a ring.`,
      { agent: message.receiver, capability: message.capability },
    );
  }
  const violations = checkMessage(message);
  if (violations.length > 0) {
    const [{ field, description }] = violations as [Violation];
    throw troupeError('INVALID_MESSAGE', `The message is not valid: ${field} ${description}`, { violations });
  }
}

/** Refuses what is too large to be sent, MESSAGE_TOO_LARGE: it would end the link for all others. */
export function admitSize(bytes: number): void {
  if (bytes <= MAX_MESSAGE_BYTES) return;
  throw troupeError(
    'MESSAGE_TOO_LARGE',
    `The message has ${bytes} bytes, and ${MAX_MESSAGE_BYTES} is the limit: send a URI instead of large data.`,
  );
}

/**
 * The fields of a message that are malformed or out of bounds: names, `ttl`, `headers`, `attachments`, `routing`. The
 * first 32 or so.
 */
export function checkMessage(message: AgentMessage): Violation[] {
  const violations: Violation[] = [];
  checkNames(message, violations);
  checkTtl(message, violations);
  checkHeaders(message, violations);
  checkAttachments(message, violations);
  checkRouting(message, violations);
  return violations;
}

function checkNames(message: AgentMessage, violations: Violation[]): void {
  for (const name in NAMES) {
    const text = message[name as keyof typeof NAMES];
    // No character has more than three bytes for each of its code units.
    if (text.length * 3 <= MAX_NAME_BYTES) continue;
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_NAME_BYTES) continue;
    const description = `has ${bytes} bytes: at most ${MAX_NAME_BYTES} are allowed`;
    violations.push({ field: NAMES[name as keyof typeof NAMES], description });
  }
}

function checkTtl({ ttl }: AgentMessage, violations: Violation[]): void {
  if (!ttl) return;
  if (ttl.seconds < 0n || ttl.nanos < 0) {
    violations.push({ field: 'ttl', description: 'is negative: send the time that remains' });
  } else if (ttl.nanos > MAX_NANOS) {
    violations.push({ field: 'ttl', description: `has ${ttl.nanos} nanos: a second has ${MAX_NANOS + 1}` });
  }
}

function checkHeaders({ headers }: AgentMessage, violations: Violation[]): void {
  let count = 0;
  let bytes = 0;
  for (const name in headers) {
    count += 1;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name]!);
  }
  if (count > MAX_HEADERS) {
    violations.push({ field: 'headers', description: `are ${count}: at most ${MAX_HEADERS} are allowed` });
  }
  if (bytes > MAX_HEADER_BYTES) {
    violations.push({
      field: 'headers',
      description: `have ${bytes} bytes: at most ${MAX_HEADER_BYTES} are allowed`,
    });
  }
}

function checkAttachments({ attachments }: AgentMessage, violations: Violation[]): void {
  if (attachments.length === 0) return;
  if (attachments.length > MAX_ATTACHMENTS) {
    const description = `are ${attachments.length}: at most ${MAX_ATTACHMENTS} are allowed`;
    violations.push({ field: 'attachments', description });
    return;
  }
  const names = new Set<string>();
  for (const [i, { name }] of attachments.entries()) {
    if (violations.length >= MAX_VIOLATIONS) return;
    const field = fieldPath('attachments', [i, 'name']);
    if (name === '') violations.push({ field, description: 'is empty: every attachment needs a name' });
    else if (names.has(name)) violations.push({ field, description: `is used twice: ${quoted(name)}` });
    names.add(name);
  }
}

function checkRouting({ routing }: AgentMessage, violations: Violation[]): void {
  if (!routing) return;
  violations.push(...checkLabels(routing.labels, ['routing', 'labels']));
  const bytes = Buffer.byteLength(routing.affinityKey);
  if (bytes > MAX_AFFINITY_KEY_BYTES) {
    violations.push({
      field: 'routing.affinity_key',
      description: `has ${bytes} bytes: at most ${MAX_AFFINITY_KEY_BYTES} are allowed`,
    });
  }
}
