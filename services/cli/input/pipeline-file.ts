import { create, fromJson, type MessageInitShape } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import {
  type Pipeline,
  PipelineSchema,
  type PipelineStepSchema,
} from '../../../gen/troupe/v1/pipeline_pb.js';
import { toValue } from '../../protocol/value.ts';
import { readYaml, type YamlResult } from './yaml-source.ts';
import type { YamlValue } from './yaml-value.ts';

/** The most steps that a pipeline may have, as the contract says. */
const MAX_STEPS = 64;

/**
 * Reads a pipeline from YAML that has the form of `troupe.v1.Pipeline` in JSON. What concerns the form is checked
 * here, so that a mistake is told with its place; the expressions in it are checked by the orchestrator.
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
  if (!value) {
    root.lacks(`a pipeline needs "steps": a list of 1 to ${MAX_STEPS}`);
    return [];
  }
  const items = value.list(1, MAX_STEPS);
  const names = new Set<string>();
  return items.map((item) => readStep(item, names));
}

/** Reads a step, and adds its name to those that are taken by the steps before it. */
function readStep(value: YamlValue, taken: Set<string>): Step {
  const keys = value.object(['name', 'capability', 'task', 'payload', 'ttl', 'attachments']);
  if (!keys.name) value.lacks('the step needs a "name": later steps refer to it by `steps.<name>.output`');
  if (!keys.capability) value.lacks('the step needs a "capability": the name of what is to be done');
  return {
    name: keys.name ? readName(keys.name, taken) : '',
    capability: keys.capability?.text() ?? '',
    task: keys.task?.text() ?? '',
    attachments: keys.attachments?.list().map((name) => name.text()) ?? [],
    ...(keys.payload && { payload: toValue(keys.payload.json()) }),
    ...(keys.ttl && { ttl: readTtl(keys.ttl) }),
  };
}

function readName(value: YamlValue, taken: Set<string>): string {
  const name = value.text();
  if (!/^(?!input$)[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
    value.wrong(
      `"${name}" cannot be a step's name: at most 64 letters, digits and _, not beginning with a digit, and not "input"`,
    );
  }
  if (taken.has(name)) value.wrong(`an earlier step is called "${name}" too: each needs a name of its own`);
  taken.add(name);
  return name;
}

/** A duration as JSON writes it: seconds, with an `s`. */
function readTtl(value: YamlValue): Duration {
  const text = value.text();
  if (!/^\d{1,9}(\.\d{1,9})?s$/.test(text)) {
    value.wrong(`"${text}" is no duration: seconds with an s, such as 20s or 0.5s`);
    return create(DurationSchema);
  }
  return fromJson(DurationSchema, text);
}
