import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Options, ValidateFunction } from 'ajv/dist/2020.js';
import type { RpcError } from '../rpc/rpc-error.ts';
import { troupeError, type Violation } from './reason.ts';
import { schemaCost } from './schema-cost.ts';
import { schemaViolations } from './schema-violation.ts';
import { withinTime } from './time-limit.ts';

/** The largest that a schema may be, as JSON, in bytes. */
export const MAX_SCHEMA_BYTES = 64 * 1024;

/** How long one check may take, in milliseconds: the loop stands still for that long. */
const CHECK_LIMIT_MS = 500;

/** A check of more steps than this is watched; one of fewer is done within milliseconds. */
const MANY_STEPS = 100_000;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Keywords that hold data, in which a `$ref` is no reference. */
const DATA_KEYWORDS = new Set(['const', 'default', 'enum', 'examples']);

/** Checks a value against a schema: what is wrong with it, at most 32 violations. Empty: all is well. */
export type SchemaCheck = (value: JsonValue) => Violation[];

/**
 * Makes the check of a JSON Schema (2020-12). Unknown keywords and `format` are ignored, patterns are those of RE2,
 * whose time grows with the text and no faster, and a check that takes 500 ms ends as a violation. A schema that
 * cannot be used is INVALID_MESSAGE, and said to be that of `field`.
 */
export async function compileSchema(schema: JsonObject, field = 'input_schema'): Promise<SchemaCheck> {
  const fault = schemaFault(schema);
  if (fault) throw unusable([{ field, description: fault }]);
  engine ??= loadEngine();
  const compile = await engine;
  let validate = compile(schema, field);
  const cost = schemaCost(schema);
  const check: SchemaCheck = (value) =>
    validate(value) ? [] : schemaViolations(validate.errors ?? [], value, 'payload');
  return (value) => {
    if (cost(value) <= MANY_STEPS) return check(value);
    const violations = withinTime(CHECK_LIMIT_MS, () => check(value));
    if (violations) return violations;
    // Ended in the middle of a step, it may hold half of a thought, such as a pattern's cache.
    validate = compile(schema, field);
    return [TOOK_TOO_LONG];
  };
}

/** Why a schema cannot be used, as far as that shows before it is compiled: its size, dialect and references. */
export function schemaFault(schema: JsonObject): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > MAX_SCHEMA_BYTES) return `has ${bytes} bytes as JSON: at most ${MAX_SCHEMA_BYTES} are allowed`;
  const { $schema: dialect = DIALECT, $async: isAsync = false } = schema;
  if (dialect !== DIALECT) return `is written in ${JSON.stringify(dialect)}: only ${DIALECT} is understood`;
  if (isAsync !== false) return 'holds $async, which is no keyword of JSON Schema: remove it';
  const reference = foreignReference(schema);
  if (reference) return `refers to ${reference}: only references within it (#…) are followed`;
  return undefined;
}

const TOOK_TOO_LONG: Violation = {
  field: 'payload',
  description: `takes more than ${CHECK_LIMIT_MS} ms to check: make it smaller, or the schema simpler`,
};

function foreignReference(schema: JsonValue): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  for (const [name, part] of Object.entries(schema)) {
    if (DATA_KEYWORDS.has(name)) continue;
    const isForeign = /^\$(dynamicRef|ref)$/.test(name) && typeof part === 'string' && !part.startsWith('#');
    const reference = isForeign ? part : foreignReference(part);
    if (reference) return reference;
  }
  return undefined;
}

type Engine = (schema: JsonObject, field: string) => ValidateFunction;

let engine: Promise<Engine> | undefined;

/** Loads ajv and RE2 when the first schema comes: many processes never see one. */
async function loadEngine(): Promise<Engine> {
  const [{ Ajv2020 }, { RE2JS }] = await Promise.all([import('ajv/dist/2020.js'), import('re2js')]);
  const options: Options = {
    allErrors: true,
    // Written in line, a small schema of many references becomes very much code.
    inlineRefs: false,
    logger: false,
    // What an object inherits, such as `toString`, is none of its properties.
    ownProperties: true,
    strict: false,
    validateFormats: false,
    code: {
      regExp: Object.assign((pattern: string) => RE2JS.compile(RE2JS.translateRegExp(pattern)), {
        code: 'RE2',
      }),
    },
  };
  const dialect = new Ajv2020(options);
  return (schema, field) => {
    try {
      if (dialect.validate(DIALECT, schema)) {
        // An instance keeps all that it has compiled: one for each schema lets go of it when the check goes.
        return new Ajv2020({ ...options, meta: false, validateSchema: false }).compile(schema);
      }
    } catch (error) {
      throw unusable([{ field, description: (error as Error).message }], error);
    }
    throw unusable(schemaViolations(dialect.errors ?? [], schema, field));
  };
}

function unusable(violations: Violation[], cause?: unknown): RpcError {
  const [{ field, description }] = violations as [Violation];
  return troupeError('INVALID_MESSAGE', `The JSON Schema cannot be used: ${field} ${description}`, {
    violations,
    cause,
  });
}
