import { create, fromJson, type MessageInitShape } from '@bufbuild/protobuf';
import { type Duration, DurationSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import { type Pipeline, PipelineSchema, type PipelineStepSchema } from '../../gen/troupe/v1/pipeline_pb.js';
import { readYaml, type YamlResult } from './yaml-source.ts';
import type { YamlValue } from './yaml-value.ts';

/** The most steps that a pipeline may have, as the contract says. */
const MAX_STEPS = 64;

/**
 * Reads a pipeline from YAML that has the form of `troupe.v1.Pipeline` in JSON. What concerns the form is checked here, so
 * that a mistake is told with its place; the expressions in it are checked by the orchestrator.
 *
 * @param file The file's name, for mistakes.
 */
export function readPipelineFile(text: string, file: string): YamlResult<Pipeline> {
  return readYaml(file, text, (root) => {
    const { name, description, steps } = root.object(['name', 'description', 'steps']);
    return create(PipelineSchema, {
      name: name?.text() ?? '',
      description: description?.text() ?? '',
      steps: readSteps(root, steps),
    });
  });
}

type Step = MessageInitShape<typeof PipelineStepSchema>;

function readSteps(root: YamlValue, value: YamlValue | undefined): Step[] {
  const steps = value?.list() ?? [];
  if (!value) root.wrong('a pipeline needs "steps": a list of 1 to 64 steps');
  else if (steps.length < 1 || steps.length > MAX_STEPS) value.wrong('');
  const names = new Set<string>();
  return steps.map((step) => readStep(step, names));
}

/** Reads a step, and adds its name to those that earlier steps took. */
function readStep(value: YamlValue, taken: Set<string>): Step {
  const keys = value.object(['name', 'capability', 'task', 'payload', 'ttl', 'attachments']);
  const step: Step = {
    name: readName(value, keys.name, taken),
    capability: keys.capability?.text() ?? '',
    task: keys.task?.text() ?? '',
    attachments: keys.attachments?.list().map((name) => name.text()) ?? [],
  };
  if (!keys.capability) value.wrong('the step needs a "capability": the name of what is to be done');
  if (keys.payload) step.payload = fromJson(ValueSchema, keys.payload.json());
  if (keys.ttl) step.ttl = readDuration(keys.ttl);
  return step;
}
