import {
  create,
  createRegistry,
  fromJson,
  type JsonObject,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import {
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
} from '../../../gen/google/rpc/error_details_pb.js';
import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { RunPipelineRequestSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { type PipelineEvent, PipelineEventSchema } from '../../../gen/troupe/v1/pipeline_pb.js';
import { runPipeline } from '../../../services/orchestrator/pipeline/run-pipeline.ts';
import type { DispatchTask, TaskNews } from '../../../services/orchestrator/pipeline/run-step.ts';
import { troupeError } from '../../../services/protocol/reason.ts';
import { type ReplyInit, resultOf } from '../../../services/protocol/reply.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import type { RpcError } from '../../../services/rpc/rpc-error.ts';

const registry = createRegistry(ErrorInfoSchema, BadRequestSchema);

/** What does a task: PROGRESS, then a RESULT. */
export type Agent = (task: AgentMessage, context: Parameters<DispatchTask>[1]) => AsyncIterable<AgentMessage>;

/** Answers with the payload, and the task's text, that it was given. */
export const echo: Agent = async function* (task) {
  yield resultOf(
    task,
    { payload: fromValue(task.payload), task: task.task },
    { attachments: task.attachments },
  );
};

export function answering(payload: JsonValue, init?: ReplyInit): Agent {
  return async function* (task) {
    yield resultOf(task, payload, init);
  };
}

export function failing(error: unknown): Agent {
  // biome-ignore lint/correctness/useYield: it fails before it could
  return async function* () {
    throw error;
  };
}

/** A mesh of these agents, by capability, that keeps every task it was given. */
export function mesh(agents: Record<string, Agent>) {
  const tasks: AgentMessage[] = [];
  const dispatch: DispatchTask = async function* (task, context): AsyncGenerator<TaskNews> {
    tasks.push(task);
    const agent = agents[task.capability];
    if (!agent) throw troupeError('CAPABILITY_NOT_FOUND', `nobody has ${task.capability}`);
    for await (const message of agent(task, context)) {
      message.sender = `agent-${task.capability}`;
      yield { message, instanceId: `instance-${task.capability}`, attempt: 1 };
    }
  };
  return { tasks, dispatch };
}

export interface Run {
  events: PipelineEvent[];
  json: JsonObject[];
  error?: RpcError;
}

export async function run(
  dispatch: DispatchTask,
  request: object,
  options: { signal?: AbortSignal; deadline?: Deadline; onEvent?: (event: PipelineEvent) => void } = {},
): Promise<Run> {
  const events: PipelineEvent[] = [];
  const done = (): Run => ({
    events,
    json: events.map((event) => toJson(PipelineEventSchema, event, { registry }) as JsonObject),
  });
  try {
    const running = runPipeline(fromJson(RunPipelineRequestSchema, request as JsonObject), {
      dispatch,
      signal: options.signal ?? new AbortController().signal,
      deadline: options.deadline ?? Deadline.never,
    });
    for await (const init of running) {
      const event = create(PipelineEventSchema, init);
      events.push(event);
      options.onEvent?.(event);
    }
  } catch (error) {
    return { ...done(), error: error as RpcError };
  }
  return done();
}

export function errorInfos(error: RpcError | undefined): ErrorInfo[] {
  return (error?.details ?? []).flatMap((detail) => anyUnpack(detail, ErrorInfoSchema) ?? []);
}
