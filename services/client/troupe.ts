import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AttachmentSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { BroadcastResponse } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import type { PipelineEvent, PipelineSchema } from '../../gen/troupe/v1/pipeline_pb.js';
import type { RouteCandidate } from '../../gen/troupe/v1/route_pb.js';
import { checkedTime } from '../protocol/check-option.ts';
import { DEFAULT_TTL_MS, MAX_TTL_MS } from '../protocol/ttl.ts';
import { type JsonValue, toValue } from '../protocol/value.ts';
import type { CallOptions } from '../rpc/call-options.ts';
import { Deadline } from '../rpc/deadline.ts';
import { Caller } from './caller.ts';
import { leavable } from './leavable.ts';
import { Orchestrators } from './orchestrators.ts';
import type { Peer } from './peer.ts';
import { SharedState } from './shared-state.ts';
import {
  makeTask,
  type RoutingOptions,
  routingOf,
  type TaskEvent,
  type TaskOptions,
  type TaskResult,
  type TaskTarget,
  ttlWithin,
} from './task.ts';

/** How a caller connects. */
export interface ConnectOptions {
  /** The name under which it sends. Default: `anonymous`. */
  id?: string;
  /**
   * How long a call waits for an orchestrator that is connected, within its own time, before it fails UNAVAILABLE with
   * the last reason, in milliseconds; each orchestrator is tried once in any case. Default: 15,000, the 10 s that one
   * gets to leave and 5 s for the next to take its place.
   */
  reachMs?: number;
}

/** Which instances a broadcast goes to: those that meet every field set. */
export interface BroadcastFilter {
  /** Instances that have this capability. */
  capability?: string;
  /** Instances that have all of these labels. */
  labels?: Readonly<Record<string, string>>;
}

/** Of which task it is asked where it would go, and within which bounds. */
export type ExplainOptions = Pick<RoutingOptions, 'labels' | 'affinityKey'> &
  Pick<TaskOptions, 'timeoutMs' | 'signal'>;

/** How a pipeline is run. */
export interface RunOptions extends Pick<TaskOptions, 'timeoutMs' | 'signal' | 'correlationId'> {
  /** What its steps see as the attachments of `input`. */
  attachments?: readonly MessageInitShape<typeof AttachmentSchema>[];
}

/** A caller of the mesh: connects when first needed, and again when it must. */
export class Troupe {
  /** The state that agents share. */
  readonly state: SharedState;
  readonly #id: string;
  readonly #orchestrators: Orchestrators;
  readonly #caller: Caller;

  /** `addresses`: the orchestrators, `host:port`; the first that answers is used. INVALID_ARGUMENT where one is none. */
  constructor(addresses: string | readonly string[], options: ConnectOptions = {}) {
    this.#id = options.id ?? 'anonymous';
    this.#orchestrators = new Orchestrators([addresses].flat(), this.#id, options.reachMs);
    this.#caller = new Caller(this.#orchestrators, this.#id);
    this.state = new SharedState(this.#orchestrators);
  }

  /** Dispatches a task to whoever has the capability, and answers its result. */
  dispatch(capability: string, payload: JsonValue, options?: TaskOptions): Promise<TaskResult> {
    return this.#caller.ask({ capability }, payload, options);
  }

  /** Dispatches a task, and yields its progress as it comes and its result last. */
  dispatchStream(
    capability: string,
    payload: JsonValue,
    options?: TaskOptions,
  ): AsyncGenerator<TaskEvent, void> {
    return this.#caller.stream({ capability }, payload, options);
  }

  /** Sends a task to the agent `receiver`; it need not say which capability where that agent has just one. */
  send(
    receiver: string,
    payload: JsonValue,
    options: TaskOptions & { capability?: string } = {},
  ): Promise<TaskResult> {
    const { capability } = options;
    return this.#caller.ask({ receiver, ...(capability !== undefined && { capability }) }, payload, options);
  }

  /**
   * Where a task for the capability, or for that agent, would go now, and why nowhere else: every instance, the one
   * that was chosen first. Nothing is sent.
   */
  async explain(target: string | TaskTarget, options: ExplainOptions = {}): Promise<RouteCandidate[]> {
    const { capability = '', receiver = '' } = typeof target === 'string' ? { capability: target } : target;
    const routing = routingOf(options);
    const request = { capability, receiver, ...(routing && { routing }) };
    const scope = scopeOf(options, DEFAULT_TTL_MS);
    const explain = ({ orchestrator }: Peer) => orchestrator.explainRoute(request, scope);
    return (await this.#orchestrators.ask(scope, explain)).candidates;
  }

  /**
   * Broadcasts to every live instance that the filter leaves, and yields one outcome per recipient as it
   * comes.
   */
  broadcast(
    payload: JsonValue,
    options: BroadcastFilter & TaskOptions = {},
  ): AsyncGenerator<BroadcastResponse, void> {
    return leavable(options.signal, (signal) => this.#broadcast(payload, { ...options, signal }));
  }

  async *#broadcast(
    payload: JsonValue,
    { capability = '', labels = {}, ...options }: BroadcastFilter & TaskOptions,
  ): AsyncGenerator<BroadcastResponse, void> {
    const message = makeTask(this.#id, {}, payload, options);
    message.type = MessageType.BROADCAST;
    const request = { message, capability, labels: { ...labels } };
    const scope = scopeOf(options, DEFAULT_TTL_MS);
    yield* this.#orchestrators.stream(scope, ({ orchestrator }) => orchestrator.broadcast(request, scope));
  }

  /**
   * Runs a pipeline, and yields what happens; a step that fails ends it with that failure, after the last
   * event.
   */
  run(
    pipeline: MessageInitShape<typeof PipelineSchema>,
    input: JsonValue,
    options: RunOptions = {},
  ): AsyncGenerator<PipelineEvent, void> {
    return leavable(options.signal, (signal) => this.#run(pipeline, input, { ...options, signal }));
  }

  async *#run(
    pipeline: MessageInitShape<typeof PipelineSchema>,
    input: JsonValue,
    options: RunOptions,
  ): AsyncGenerator<PipelineEvent, void> {
    const request = {
      pipeline,
      input: toValue(input),
      attachments: [...(options.attachments ?? [])],
      sender: this.#id,
      correlationId: options.correlationId ?? '',
      ...(options.timeoutMs !== undefined && { ttl: ttlWithin(options.timeoutMs) }),
    };
    const scope = scopeOf(options, MAX_TTL_MS);
    const run = ({ orchestrator }: Peer) => orchestrator.runPipeline(request, scope);
    for await (const { event } of this.#orchestrators.stream(scope, run)) if (event) yield event;
  }

  /** An orchestrator that is connected, for the RPCs that need no help: the roster, health, messages. */
  reach(deadline: Deadline = Deadline.after(30_000)): Promise<Peer> {
    return this.#orchestrators.reach(deadline);
  }

  /** Closes the connections once what is in flight has been answered. */
  close(): void {
    this.#orchestrators.close();
  }
}

/** `defaultMs`: how long it may take where its caller does not say, as long as the mesh itself lets it. */
function scopeOf(
  { timeoutMs, signal }: TaskOptions,
  defaultMs: number,
): CallOptions & { deadline: Deadline } {
  const withinMs = timeoutMs === undefined ? defaultMs : checkedTime('timeoutMs', timeoutMs);
  return { deadline: Deadline.after(withinMs), ...(signal && { signal }) };
}
