import type { Value } from '@bufbuild/protobuf/wkt';
import { troupeError } from '../../protocol/reason.ts';
import { withinTime } from '../../protocol/time-limit.ts';
import { fromValue, type JsonValue, toValue } from '../../protocol/value.ts';
import type { PipelineTexts } from './compile-texts.ts';
import type { Variables } from './expression-scope.ts';
import { asText, renderTemplate } from './template.ts';

/** How long the expressions of one step may run, together. They block every other call meanwhile. */
const STEP_LIMIT_MS = 250;

/** How much the expressions of one step may give, together, in bytes: as much as a message may be. */
const STEP_LIMIT_BYTES = 4 * 2 ** 20;

/** What a step's task holds, before or after its expressions were filled in. */
export interface StepInputs {
  readonly task: string;
  readonly payload: Value;
}

/**
 * Fills in the expressions of a step. INVALID_PIPELINE where one of them has no value, or where together they run
 * longer than 250 ms or give more than 4 MiB.
 */
export function fillIn(inputs: StepInputs, texts: PipelineTexts, variables: Variables): StepInputs {
  const payload = fromValue(inputs.payload);
  const room = { bytes: STEP_LIMIT_BYTES };
  const fillText = (text: string): JsonValue => {
    const template = texts.templates.get(text);
    if (template === undefined) return text;
    return renderTemplate(template, (source) => texts.expressions.get(source)!.evaluate(variables, room));
  };
  const filled = withinTime(STEP_LIMIT_MS, () => ({
    task: asText(fillText(inputs.task)),
    payload: mapTexts(payload, fillText),
  }));
  if (filled !== undefined) return { task: filled.task, payload: toValue(filled.payload) };
  throw troupeError(
    'INVALID_PIPELINE',
    `The expressions of the step ran over ${STEP_LIMIT_MS} ms: let an agent do the work, in a step of its own.`,
  );
}

/** Calls `visit` with each text in a JSON value and the keys on the way to it. Keys are no such texts. */
export function visitTexts(
  json: JsonValue,
  visit: (text: string, keys: readonly (string | number)[]) => void,
  keys: (string | number)[] = [],
): void {
  if (typeof json === 'string') return visit(json, keys);
  if (typeof json !== 'object' || json === null) return;
  const items: Iterable<[string | number, JsonValue]> = Array.isArray(json)
    ? json.entries()
    : Object.entries(json);
  for (const [key, item] of items) {
    keys.push(key);
    visitTexts(item, visit, keys);
    keys.pop();
  }
}

function mapTexts(json: JsonValue, map: (text: string) => JsonValue): JsonValue {
  if (typeof json === 'string') return map(json);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => mapTexts(item, map));
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, mapTexts(item, map)]));
}
