import type { JsonValue } from '@bufbuild/protobuf';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { fieldPath } from './field-path.ts';
import type { Violation } from './reason.ts';

/** The keywords whose fault lies in a property: where ajv keeps its name, and what to say of it. */
const OF_A_PROPERTY: Readonly<Record<string, { name: string; description: string }>> = {
  required: { name: 'missingProperty', description: 'is missing' },
  additionalProperties: {
    name: 'additionalProperty',
    description: 'is not a property that the schema knows',
  },
  unevaluatedProperties: {
    name: 'unevaluatedProperty',
    description: 'is not a property that the schema knows',
  },
  propertyNames: { name: 'propertyName', description: 'has a name that the schema does not allow' },
};

/** How many violations of one value are told. */
export const MAX_VIOLATIONS = 32;

/** What ajv found wrong with `value`, with the paths in it: `payload.items[2].name` where `root` is `payload`. */
export function schemaViolations(errors: ErrorObject[], value: JsonValue, root: string): Violation[] {
  return errors.slice(0, MAX_VIOLATIONS).map((error) => schemaViolation(error, value, root));
}

function schemaViolation(error: ErrorObject, value: JsonValue, root: string): Violation {
  const keys = keysOf(error.instancePath, value);
  const ofProperty = OF_A_PROPERTY[error.keyword];
  if (ofProperty) keys.push(String(error.params[ofProperty.name]));
  return { field: fieldPath(root, keys), description: ofProperty?.description ?? describe(error) };
}

function describe({ keyword, params, message = 'is not as the schema wants it' }: ErrorObject): string {
  if (keyword === 'enum') return `must be one of ${JSON.stringify(params.allowedValues).slice(1, -1)}`;
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`;
  return message;
}

/** The names and indices in a JSON pointer. Only the value itself can tell which is which. */
function keysOf(pointer: string, value: JsonValue): (string | number)[] {
  const keys: (string | number)[] = [];
  let at: unknown = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const key = Array.isArray(at) ? Number(name) : name;
    keys.push(key);
    at = (at as Record<string | number, unknown>)[key];
  }
  return keys;
}
