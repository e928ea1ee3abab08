import type { Value } from '@bufbuild/protobuf/wkt';
import { closest, distance } from 'fastest-levenshtein';
import type { RunPipelineRequest } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { PipelineStep } from '../../../gen/troupe/v1/pipeline_pb.js';
import { fieldPath } from '../../protocol/field-path.ts';
import type { Violation } from '../../protocol/reason.ts';
import { durationToMs } from '../../protocol/ttl.ts';
import { fromValue, type JsonValue, toValue } from '../../protocol/value.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { type AttachmentReference, namesOf, parseAttachmentReference } from './attachment-reference.ts';
import { type PipelineTexts, TextCompiler } from './compile-texts.ts';
import { type StepInputs, visitTexts } from './step-inputs.ts';
import { Violations } from './violations.ts';

/** The most steps in a pipeline. */
const MAX_STEPS = 64;

/** The most attachments that a pipeline is given, and the most references to attachments in a step. */
const MAX_ATTACHMENTS = 256;

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
  /** What those expressions look into, `input` and the names of steps; nothing where there are none to fill in. */
  readonly reads: ReadonlySet<string> | undefined;
  /** The attachments that it passes on. */
  readonly attachments: readonly AttachmentReference[];
}

/** A pipeline that can be run. It holds payloads encoded: they may wait for an hour, and as JSON take 16 times as much. */
export interface CheckedPipeline {
  readonly name: string;
  readonly input: Value;
  readonly steps: readonly CheckedStep[];
  readonly texts: PipelineTexts;
}

/**
 * Checks all that can be known of a pipeline before its first step runs. INVALID_PIPELINE with every violation, up to
 * 32; their fields are paths such as `steps[2].payload.title`.
 */
export async function checkPipeline(request: RunPipelineRequest): Promise<CheckedPipeline> {
  const steps = request.pipeline?.steps ?? [];
  const violations = new Violations();
  violations.addAll(checkCount(steps.length));
  violations.addAll(checkTtl('ttl', request.ttl));
  violations.addAll(checkAttachmentCounts(request, steps));
  // More than allowed is not looked into: what that costs has no bound.
  violations.check();

  const input = toValue(read('input', violations, () => fromValue(request.input)));
  const names = namesOfSteps(steps);
  const given: GivenAttachments = {
    names: new Set(request.attachments.map(({ name }) => name)),
    text: namesOf(request.attachments),
  };
  const compiler = new TextCompiler(violations);
  const checked = steps.map((step, i) => {
    violations.addAll(checkName(step.name, i, names));
    violations.addAll(checkCapability(step.capability, i));
    violations.addAll(checkTtl(`steps[${i}].ttl`, step.ttl));
    const attachments = step.attachments.map(parseAttachmentReference);
    violations.addAll(checkAttachments(attachments, i, names, given));
    const payload = read(`steps[${i}].payload`, violations, () => fromValue(step.payload));
    const hasTexts = addTexts(compiler, { task: step.task, payload }, i);
    return { step, attachments, payload: toValue(payload), hasTexts };
  });
  const reads = steps.map(() => new Set<string>());
  for (const { reference, field, step } of await compiler.compile()) {
    reads[step]!.add(reference);
    violations.addAll(checkReference(reference, field, step, names));
  }
  violations.check();
  return {
    name: request.pipeline?.name ?? '',
    input,
    steps: checked.map(({ step, attachments, payload, hasTexts }, i) => ({
      name: step.name,
      capability: step.capability,
      ttl: step.ttl,
      inputs: { task: step.task, payload },
      reads: hasTexts ? reads[i] : undefined,
      attachments,
    })),
    texts: compiler.texts,
  };
}

/** What `decode` gives; null, and a violation, where it is no JSON. */
function read(field: string, violations: Violations, decode: () => JsonValue): JsonValue {
  try {
    return decode();
  } catch (error) {
    violations.add({ field, description: RpcError.from(error).message });
    return null;
  }
}

/** Hands over the texts of a step that may hold expressions. Answers whether there are any. */
function addTexts(
  compiler: TextCompiler,
  { task, payload }: { task: string; payload: JsonValue },
  step: number,
): boolean {
  let found = false;
  const add = (text: string, root: string, keys: readonly (string | number)[]) => {
    if (!text.includes('${')) return;
    found = true;
    compiler.add({ text, field: fieldPath(`steps[${step}].${root}`, keys), step });
  };
  add(task, 'task', []);
  visitTexts(payload, (text, keys) => add(text, 'payload', keys));
  return found;
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

function* checkAttachmentCounts(
  { attachments }: RunPipelineRequest,
  steps: readonly PipelineStep[],
): Generator<Violation> {
  const counts = [
    { field: 'attachments', count: attachments.length },
    ...steps.map((step, i) => ({ field: `steps[${i}].attachments`, count: step.attachments.length })),
  ];
  for (const { field, count } of counts) {
    if (count > MAX_ATTACHMENTS) {
      yield { field, description: `are ${count}; at most ${MAX_ATTACHMENTS} are allowed` };
    }
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

/** The attachments that the pipeline was given. */
interface GivenAttachments {
  readonly names: ReadonlySet<string>;
  /** The same for people. */
  readonly text: string;
}

function* checkAttachments(
  references: readonly AttachmentReference[],
  step: number,
  names: ReadonlyMap<string, number>,
  given: GivenAttachments,
): Generator<Violation> {
  for (const [i, { source, name }] of references.entries()) {
    const field = `steps[${step}].attachments[${i}]`;
    yield* checkReference(source, field, step, names);
    if (name === '') yield { field, description: `names no attachment after the "/": leave it out for all` };
    else if (source === INPUT && name !== undefined && !given.names.has(name)) {
      yield { field, description: `the input has no attachment ${name}: ${given.text}` };
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
