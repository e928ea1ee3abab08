import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
  MessageType,
  type Routing,
  RoutingSchema,
} from '../../gen/troupe/v1/agent_message_pb.js';
import { checkedTime, invalidOption } from '../protocol/check-option.ts';
import { newMessage } from '../protocol/codec/new-message.ts';
import { fieldPath } from '../protocol/field-path.ts';
import { completeMessage } from '../protocol/message.ts';
import { MAX_TTL_MS, msToDuration, onwardMs } from '../protocol/ttl.ts';
import { fromValue, type JsonValue, toValue } from '../protocol/value.ts';

/** What a caller may say about a task beside its payload. */
export interface TaskOptions {
  /** How long it may take, in milliseconds. Default: the capability's own, or 30 s. At most 1 h. */
  timeoutMs?: number;
  /** Cancels the task, all the way down, when it aborts. */
  signal?: AbortSignal;
  /** What is asked for in free text. */
  task?: string;
  /** Documents that travel with it. At most 256. */
  attachments?: readonly MessageInitShape<typeof AttachmentSchema>[];
  /** At most 32, and 8 KiB together. */
  headers?: Readonly<Record<string, string>>;
  /** The caller's own grouping, kept in logs. */
  correlationId?: string;
  /** The same when the same task is sent again, for effects that must happen only once. */
  idempotencyKey?: string;
  /** Only instances that have all of these labels; where none has them, NO_LIVE_INSTANCE. At most 64. */
  labels?: Readonly<Record<string, string>>;
  /**
   * Tasks of one key go to one instance, as long as it is there and not loaded by a quarter more than the others. At
   * most 256 bytes. Default: the load alone decides.
   */
  affinityKey?: string;
  /**
   * Ask a second instance as well where the first takes longer than 95 of 100 tasks do; the first answer counts. Only
   * of an idempotent capability, and within the budget of retries; else ignored. Default: false.
   */
  hedge?: boolean;
}

/** What a task says of the instance that is to do it. */
export type RoutingOptions = Pick<TaskOptions, 'labels' | 'affinityKey' | 'hedge'>;

/** How a task ended well. */
export interface TaskResult {
  /** The RESULT's payload. */
  payload: JsonValue;
  /** Documents that came with it. */
  attachments: readonly Attachment[];
  /** The agent that did it. */
  agent: string;
  /** At which attempt, from 1. */
  attempt: number;
  /** The whole RESULT. */
  message: AgentMessage;
}

/** News of a task, and last its result. */
export type TaskEvent =
  | { type: 'progress'; payload: JsonValue; sequence: number }
  | ({ type: 'result' } & TaskResult);

/** Where a task goes: to the agent `receiver` where it is set, else to whoever has the capability. */
export interface TaskTarget {
  capability?: string;
  receiver?: string;
}

/**
 * The TASK that asks `target` for what `options` say. A payload that is no JSON is INVALID_PAYLOAD; a time that is none,
 * and headers that are no texts, are INVALID_MESSAGE.
 */
export function makeTask(
  sender: string,
  target: TaskTarget,
  payload: JsonValue,
  options: TaskOptions,
  hops = 0,
): AgentMessage {
  const task = newMessage();
  task.type = MessageType.TASK;
  task.sender = sender;
  task.receiver = target.receiver ?? '';
  task.capability = target.capability ?? '';
  task.payload = toValue(payload);
  task.task = options.task ?? '';
  if (options.headers) Object.assign(task.headers, textsOnly(options.headers));
  task.attachments = (options.attachments ?? []).map((attachment) => create(AttachmentSchema, attachment));
  task.correlationId = options.correlationId ?? '';
  task.idempotencyKey = options.idempotencyKey ?? '';
  task.hops = hops;
  task.routing = routingOf(options);
  if (options.timeoutMs !== undefined) task.ttl = ttlWithin(options.timeoutMs);
  return completeMessage(task);
}

/** What options say of the instance; nothing where they say nothing of it, as most do. */
export function routingOf({ labels, affinityKey, hedge }: RoutingOptions): Routing | undefined {
  if (!labels && !affinityKey && !hedge) return undefined;
  const routing = { labels: { ...labels }, affinityKey: affinityKey ?? '', hedge: hedge ?? false };
  return create(RoutingSchema, routing);
}

/**
 * The ttl of what is to be answered within `timeoutMs`: less the margin in which the answer gets back with its
 * reason, and at most 1 h. What is no number from 0 is INVALID_MESSAGE.
 */
export function ttlWithin(timeoutMs: number): Duration {
  return msToDuration(onwardMs(Math.min(checkedTime('timeoutMs', timeoutMs), MAX_TTL_MS)));
}

function textsOnly(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') throw invalidOption(fieldPath('headers', [name]), value, 'a text');
  }
  return headers;
}

/** A RESULT as callers see it. */
export function toResult(message: AgentMessage): TaskResult {
  return {
    payload: fromValue(message.payload),
    attachments: message.attachments,
    agent: message.sender,
    attempt: Math.max(1, message.attempt),
    message,
  };
}

/** A PROGRESS or RESULT as callers see it. */
export function toEvent(message: AgentMessage): TaskEvent {
  if (message.type !== MessageType.PROGRESS) return { type: 'result', ...toResult(message) };
  return { type: 'progress', payload: fromValue(message.payload), sequence: message.sequence };
}
