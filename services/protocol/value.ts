import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { NullValue, type Value } from '@bufbuild/protobuf/wkt';
import type { RpcError } from '../rpc/rpc-error.ts';
import { fieldPath } from './field-path.ts';
import { troupeError } from './reason.ts';

export type { JsonObject, JsonValue };

/**
 * How many arrays and objects may stand in one another in a payload. Most protobuf libraries refuse messages nested over 100 deep, and
 * an object in a Value takes three of them (Value, Struct, map entry), with three more around the whole: (100 - 3) / 3.
 */
export const MAX_PAYLOAD_DEPTH = 32;

/** The names and indices on the way to a value. Its length is how deep the value stands. */
type Path = (string | number)[];

/**
 * A JSON value as the `google.protobuf.Value` that a message carries. A property that is undefined is left out, as
 * `JSON.stringify` does. NaN, Infinity, what is no JSON at all, and nesting over 32 are INVALID_PAYLOAD.
 */
export function toValue(json: JsonValue): Value {
  return encode(json, []);
}

/**
 * The JSON value that a `google.protobuf.Value` holds; null where it is absent or has no kind. NaN, Infinity and
 * nesting over 32 are INVALID_PAYLOAD.
 */
export function fromValue(value: Value | undefined): JsonValue {
  return value === undefined ? null : decode(value, []);
}

function encode(json: JsonValue, path: Path): Value {
  return { $typeName: 'google.protobuf.Value', kind: encodeKind(json, path) };
}

function encodeKind(json: JsonValue, path: Path): Value['kind'] {
  switch (typeof json) {
    case 'string':
      return { case: 'stringValue', value: json };
    case 'number':
      return { case: 'numberValue', value: finite(json, path) };
    case 'boolean':
      return { case: 'boolValue', value: json };
    case 'object':
      if (json === null) return { case: 'nullValue', value: NullValue.NULL_VALUE };
      if (Array.isArray(json)) {
        const values = mapItems(json, path, encode);
        return { case: 'listValue', value: { $typeName: 'google.protobuf.ListValue', values } };
      }
      return {
        case: 'structValue',
        value: { $typeName: 'google.protobuf.Struct', fields: mapFields(json, path, encode) },
      };
    default:
      throw invalid(path, `is of the type ${typeof json}, which JSON does not have`);
  }
}

function decode({ kind }: Value, path: Path): JsonValue {
  switch (kind.case) {
    case 'stringValue':
    case 'boolValue':
      return kind.value;
    case 'numberValue':
      return finite(kind.value, path);
    case 'structValue':
      return mapFields(kind.value.fields, path, decode);
    case 'listValue':
      return mapItems(kind.value.values, path, decode);
    default:
      return null;
  }
}

function mapItems<From, To>(items: readonly From[], path: Path, map: (item: From, path: Path) => To): To[] {
  enter(path);
  const mapped = new Array<To>(items.length);
  for (let i = 0; i < items.length; i++) {
    path.push(i);
    mapped[i] = map(items[i]!, path);
    path.pop();
  }
  return mapped;
}

function mapFields<From, To>(
  fields: Readonly<Record<string, From>>,
  path: Path,
  map: (field: From, path: Path) => To,
): Record<string, To> {
  enter(path);
  const mapped: Record<string, To> = {};
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (field === undefined) continue;
    path.push(key);
    setOwn(mapped, key, map(field, path));
    path.pop();
  }
  return mapped;
}

/** Sets a property of the object itself: assigning `__proto__` would change what the object inherits instead. */
function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

function enter(path: Path): void {
  if (path.length >= MAX_PAYLOAD_DEPTH) {
    throw invalid([], `is nested more than ${MAX_PAYLOAD_DEPTH} deep (or holds itself): make it flatter`);
  }
}

function finite(number: number, path: Path): number {
  if (Number.isFinite(number)) return number;
  throw invalid(path, `is ${number}, which JSON does not have: send null or a text instead`);
}

function invalid(path: Path, description: string): RpcError {
  const field = fieldPath('payload', path);
  return troupeError('INVALID_PAYLOAD', `${field} ${description}`, { violations: [{ field, description }] });
}
