import type { Value } from '@bufbuild/protobuf/wkt';
import type { RunPipelineRequest } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { durationToMs, MAX_TTL_MS, msToDuration } from '../../protocol/ttl.ts';
import { uuid7 } from '../../protocol/uuid7.ts';
import { codeName } from '../../rpc/code.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Logger } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { selectAttachments } from './attachment-reference.ts';
import { type CheckedPipeline, type CheckedStep, checkPipeline } from './check-pipeline.ts';
import type { ExpressionScope } from './expression-scope.ts';
import { PipelineResults } from './pipeline-results.ts';
import {
  type DispatchTask,
  type PipelineEventInit,
  runStep,
  type StepContext,
  type StepResult,
} from './run-step.ts';
import { fillIn } from './step-inputs.ts';

/** What a pipeline runs with. */
export interface RunPipelineOptions {
  /** Sends the task of a step to whoever has its capability. */
  dispatch: DispatchTask;
  /** Cancels the pipeline, and with it the step that runs. */
  signal: AbortSignal;
  /** When the caller wants the end. The request's `ttl` and 1 h bound the pipeline as well. */
  deadline: Deadline;
  /** Told each step's end. Default: nobody. */
  log?: Logger;
}

/**
 * Runs a pipeline and tells what happens; its last event holds the outputs of all steps that finished.
 * INVALID_PIPELINE, before any event, where it cannot be run. A step that fails ends it: the last event then says
 * STEP_FAILED with the step and its cause, and the same RpcError is thrown.
 */
export async function* runPipeline(
  request: RunPipelineRequest,
  options: RunPipelineOptions,
): AsyncGenerator<PipelineEventInit, void> {
  const pipeline = await checkPipeline(request);
  const scope = await scopeOf(pipeline);
  const results = new PipelineResults(pipeline.steps, request.attachments, scope);
  const context = contextOf(request, options);
  // The call keeps its request to its end, and decoded it may take a hundred times the bytes that were sent.
  request.pipeline = undefined;
  request.input = undefined;
  const log = options.log?.child({ pipeline: pipeline.name, correlation: context.correlationId });
  for (const step of pipeline.steps) {
    try {
      const attachments = selectAttachments(step.attachments, results.attachments);
      const inputs =
        scope && step.reads ? fillIn(step.inputs, pipeline.texts, scope.read(step.reads)) : step.inputs;
      const result = yield* runStep(step, { ...inputs, attachments }, context);
      yield stepFinished(step, result, results.add(step.name, result.message));
    } catch (thrown) {
      const error = stepFailed(step, thrown);
      log?.info({ step: step.name, code: codeName(error.code) }, 'pipeline failed');
      yield finished(results, error);
      throw error;
    }
  }
  log?.info({ steps: pipeline.steps.length }, 'pipeline finished');
  yield finished(results);
}

/** What expressions will see; nothing where there are none, so that CEL is not loaded. */
async function scopeOf({ input, texts }: CheckedPipeline): Promise<ExpressionScope | undefined> {
  if (texts.templates.size === 0) return undefined;
  const { ExpressionScope } = await import('./expression-scope.ts');
  return new ExpressionScope(input);
}

function contextOf(
  request: RunPipelineRequest,
  { dispatch, signal, deadline }: RunPipelineOptions,
): StepContext {
  const ttlMs = request.ttl ? durationToMs(request.ttl) : MAX_TTL_MS;
  return {
    dispatch,
    signal,
    deadline: Deadline.after(Math.min(ttlMs, MAX_TTL_MS)).earliest(deadline),
    sender: request.sender || 'anonymous',
    correlationId: request.correlationId || uuid7(),
  };
}

function stepFinished({ name }: CheckedStep, result: StepResult, output: Value): PipelineEventInit {
  const { message, instanceId, durationMs } = result;
  const duration = msToDuration(durationMs);
  const value = { step: name, agentId: message.sender, instanceId, duration, output };
  return { event: { case: 'stepFinished', value } };
}

function stepFailed({ name, capability }: CheckedStep, thrown: unknown): RpcError {
  const cause = RpcError.from(thrown);
  return troupeError('STEP_FAILED', `The step ${name} failed: ${cause.message}`, {
    step: name,
    capability,
    cause,
  });
}

function finished({ outputs, lastAttachments }: PipelineResults, error?: RpcError): PipelineEventInit {
  const value = { outputs, attachments: [...lastAttachments], ...(error && { error: error.toStatus() }) };
  return { event: { case: 'finished', value } };
}
