import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import {
  type AgentMessage,
  AgentMessageSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import type { PipelineEventSchema } from '../../../gen/troupe/v1/pipeline_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { durationToMs } from '../../protocol/ttl.ts';
import { uuid7 } from '../../protocol/uuid7.ts';
import { Code } from '../../rpc/code.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { CheckedStep } from './check-pipeline.ts';
import type { StepInputs } from './step-inputs.ts';

/** What happens while a pipeline runs. */
export type PipelineEventInit = MessageInitShape<typeof PipelineEventSchema>;

/** News of a task, from whom it was dispatched to. */
export interface TaskNews {
  /** A PROGRESS, or last the RESULT. */
  readonly message: AgentMessage;
  /** The instance that works on it. */
  readonly instanceId: string;
  /** At which attempt, from 1. */
  readonly attempt: number;
}

/**
 * Dispatches a task by its `capability`: yields its PROGRESS as it comes and its RESULT last, or throws the RpcError
 * that it failed with. `deadline` is the latest that the task may end, whatever its `ttl` or its capability's says;
 * when `signal` aborts, the task is cancelled and the iteration throws.
 */
export type DispatchTask = (
  task: AgentMessage,
  context: { readonly signal: AbortSignal; readonly deadline: Deadline },
) => AsyncIterable<TaskNews>;

/** Who runs a step, and until when. */
export interface StepContext {
  readonly dispatch: DispatchTask;
  /** Cancels the step. */
  readonly signal: AbortSignal;
  /** When the pipeline must have ended. */
  readonly deadline: Deadline;
  /** The `sender` of the task. */
  readonly sender: string;
  /** The `correlation_id` of the task. */
  readonly correlationId: string;
}

/** What a step's task carries, its expressions filled in. */
export interface StepTask extends StepInputs {
  readonly attachments: AgentMessage['attachments'];
}

/** What came of a step. */
export interface StepResult extends TaskNews {
  /** How long it took, from the task sent to the RESULT received, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Runs a step: tells its start and progress, and returns what came of it. A step that is left early, by its caller or
 * by an error, is cancelled.
 */
export async function* runStep(
  step: CheckedStep,
  { task: text, payload, attachments }: StepTask,
  { dispatch, sender, correlationId, ...bounds }: StepContext,
): AsyncGenerator<PipelineEventInit, StepResult> {
  const task = create(AgentMessageSchema, {
    id: uuid7(),
    sender,
    type: MessageType.TASK,
    payload,
    timestamp: timestampNow(),
    correlationId,
    capability: step.capability,
    task: text,
    attachments,
    ...(step.ttl && { ttl: step.ttl }),
  });
  const deadline = step.ttl
    ? bounds.deadline.earliest(Deadline.after(durationToMs(step.ttl)))
    : bounds.deadline;
  const timeout = new AbortController();
  const alarm = deadline.onExpired(() =>
    timeout.abort(
      troupeError('TASK_TIMED_OUT', `The step ${step.name} did not end in the time that it had.`),
    ),
  );
  const signal = AbortSignal.any([bounds.signal, timeout.signal]);
  try {
    signal.throwIfAborted();
    const started = { step: step.name, capability: step.capability, messageId: task.id };
    yield { event: { case: 'stepStarted', value: started } };
    const sentAt = performance.now();
    for await (const news of dispatch(task, { signal, deadline })) {
      const { message } = news;
      if (message.type !== MessageType.PROGRESS) return { ...news, durationMs: performance.now() - sentAt };
      yield { event: { case: 'stepProgressed', value: { step: step.name, message } } };
    }
    throw new RpcError(Code.INTERNAL, `The task of the step ${step.name} ended without a RESULT.`);
  } finally {
    alarm.cancel();
    timeout.abort();
  }
}
