import { closest, distance } from 'fastest-levenshtein';
import type { RunPipelineRequest } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { PipelineStep } from '../../../gen/troupe/v1/pipeline_pb.js';
import { fieldPath } from '../../protocol/field-path.ts';
import { troupeError, type Violation } from '../../protocol/reason.ts';
import { durationToMs } from '../../protocol/ttl.ts';
import { fromValue, type JsonValue } from '../../protocol/value.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { type AttachmentReference, namesOf, parseAttachmentReference } from './attachment-reference.ts';
import { compileTexts, type PipelineTexts, type PlacedText } from './compile-texts.ts';
import { type StepInputs, visitTexts } from './step-inputs.ts';

/** The most steps in a pipeline. */
const MAX_STEPS = 64;

/** What a step may be called: see MAX_NAME_LENGTH for how long. */
const STEP_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME_LENGTH = 64;

/** What references call the pipeline's input. */
const INPUT = 'input';

/** What no step may be called. protobuf-es loses `__proto__` as the key of a map, and with it the step's output. */
const RESERVED_NAMES = new Set([INPUT, '__proto__']);

/** A step that can be run. */
export interface CheckedStep {
  readonly name: string;
  readonly capability: string;
  /** How long it may take, as the pipeline says. */
  readonly ttl: PipelineStep['ttl'];
  /** The task's text and payload, with their expressions. */
  readonly inputs: StepInputs;
  /** The attachments that it passes on. */
  readonly attachments: readonly AttachmentReference[];
}

/** A pipeline that can be run. */
export interface CheckedPipeline {
  readonly name: string;
  readonly input: JsonValue;
  readonly steps: readonly CheckedStep[];
  readonly texts: PipelineTexts;
}

/**
 * Checks all that can be known of a pipeline before its first step runs. INVALID_PIPELINE with every violation; their
 * fields are paths such as `steps[2].payload.title`.
 */
export async function checkPipeline(request: RunPipelineRequest): Promise<CheckedPipeline> {
  const steps = request.pipeline?.steps ?? [];
  const violations: Violation[] = [...checkCount(steps.length), ...checkTtl('ttl', request.ttl)];
  // More steps than allowed are not looked into: what that costs has no bound.
  if (violations.length > 0) throw invalid(violations);

  const input = read('input', violations, () => fromValue(request.input));
  const checked = steps.map((step, i) => checkedStep(step, i, violations));
  const names = namesOfSteps(steps);
  for (const [i, step] of steps.entries()) {
    violations.push(...checkName(step.name, i, names), ...checkCapability(step.capability, i));
    violations.push(...checkTtl(`steps[${i}].ttl`, step.ttl));
    violations.push(...checkAttachments(checked[i]!.attachments, i, names, request));
  }
  const { texts, references, violations: inTexts } = await compileTexts(checked.flatMap(textsOf));
  violations.push(...inTexts);
  for (const { reference, field, step } of references) {
    violations.push(...checkReference(reference, field, step, names));
  }
  if (violations.length > 0) throw invalid(violations);
  return { name: request.pipeline?.name ?? '', input, steps: checked, texts };
}

function invalid(violations: readonly Violation[]): RpcError {
  const { field, description } = violations[0]!;
  const others = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return troupeError('INVALID_PIPELINE', `The pipeline cannot be run: ${field}: ${description}${others}`, {
    violations,
  });
}

function checkedStep(step: PipelineStep, i: number, violations: Violation[]): CheckedStep {
  const payload = read(`steps[${i}].payload`, violations, () => fromValue(step.payload));
  return {
    name: step.name,
    capability: step.capability,
    ttl: step.ttl,
    inputs: { task: step.task, payload },
    attachments: step.attachments.map(parseAttachmentReference),
  };
}

/** What `decode` gives; null, and a violation, where it is no JSON. */
function read(field: string, violations: Violation[], decode: () => JsonValue): JsonValue {
  try {
    return decode();
  } catch (error) {
    violations.push({ field, description: RpcError.from(error).message });
    return null;
  }
}

/** The texts of a step that may hold expressions. */
function textsOf({ inputs }: CheckedStep, step: number): PlacedText[] {
  const texts: PlacedText[] = [];
  const add = (text: string, root: string, keys: readonly (string | number)[]) => {
    if (text.includes('${')) texts.push({ text, field: fieldPath(`steps[${step}].${root}`, keys), step });
  };
  add(inputs.task, 'task', []);
  visitTexts(inputs.payload, (text, keys) => add(text, 'payload', keys));
  return texts;
}

/** The index of the first step of each name. */
function namesOfSteps(steps: readonly PipelineStep[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const [i, { name }] of steps.entries()) if (!names.has(name)) names.set(name, i);
  return names;
}

function* checkCount(count: number): Generator<Violation> {
  if (count === 0) yield { field: 'steps', description: 'are missing: a pipeline has at least one' };
  if (count > MAX_STEPS) {
    yield { field: 'steps', description: `are ${count}; at most ${MAX_STEPS} are allowed` };
  }
}

function* checkTtl(field: string, ttl: PipelineStep['ttl']): Generator<Violation> {
  if (ttl && durationToMs(ttl) <= 0) yield { field, description: 'must be more than zero' };
}

function* checkName(name: string, i: number, names: ReadonlyMap<string, number>): Generator<Violation> {
  const field = `steps[${i}].name`;
  if (RESERVED_NAMES.has(name)) {
    yield { field, description: `is ${name}, which has a meaning of its own: choose another` };
  } else if (name.length > MAX_NAME_LENGTH || !STEP_NAME.test(name)) {
    yield { field, description: 'must be 1 to 64 of a-z A-Z 0-9 _, not beginning with a digit' };
  } else if (names.get(name) !== i) {
    yield { field, description: `is ${name}, as steps[${names.get(name)}] is: each name may be used once` };
  }
}

function* checkCapability(capability: string, i: number): Generator<Violation> {
  if (capability === '') {
    yield {
      field: `steps[${i}].capability`,
      description: 'is empty: name the capability that does the step',
    };
  }
}

function* checkAttachments(
  references: readonly AttachmentReference[],
  step: number,
  names: ReadonlyMap<string, number>,
  { attachments }: RunPipelineRequest,
): Generator<Violation> {
  for (const [i, { source, name }] of references.entries()) {
    const field = `steps[${step}].attachments[${i}]`;
    yield* checkReference(source, field, step, names);
    if (name === '') yield { field, description: `names no attachment after the "/": leave it out for all` };
    else if (source === INPUT && name !== undefined && !attachments.some((one) => one.name === name)) {
      yield { field, description: `the input has no attachment ${name}: ${namesOf(attachments)}` };
    }
  }
}

/** That a step refers to the input or to an earlier step. */
function* checkReference(
  reference: string,
  field: string,
  step: number,
  names: ReadonlyMap<string, number>,
): Generator<Violation> {
  if (reference === INPUT) return;
  const at = names.get(reference);
  if (at === step) yield { field, description: `refers to the step ${reference} itself` };
  else if (at === undefined) {
    yield {
      field,
      description: `refers to the step ${reference}, which there is not${suggestion(reference, names)}`,
    };
  } else if (at > step) {
    yield {
      field,
      description: `refers to the step ${reference}, which runs later: move it before this one`,
    };
  }
}

/** The name that was probably meant: the closest, if no more than a third of it differs. */
function suggestion(name: string, names: ReadonlyMap<string, number>): string {
  // What comparing costs grows with the length; what is longer than any name may be is none misspelt.
  if (name.length > MAX_NAME_LENGTH) return '';
  const meant = closest(
    name,
    [...names.keys()].filter(({ length }) => length <= MAX_NAME_LENGTH),
  );
  return distance(name, meant) <= Math.max(1, name.length / 3) ? `: did you mean ${meant}?` : '';
}
