import type { JsonValue } from '@bufbuild/protobuf';
import { enterPath, invalidPayload, notFinite, type Path } from './payload-path.ts';
import type { WireWriter } from './wire-writer.ts';

/** Tags of google.protobuf.Value, Struct and ListValue: the field's number and its wire type. */
const NULL_VALUE = (1 << 3) | 0;
const NUMBER_VALUE = (2 << 3) | 1;
const STRING_VALUE = (3 << 3) | 2;
const BOOL_VALUE = (4 << 3) | 0;
const STRUCT_VALUE = (5 << 3) | 2;
const LIST_VALUE = (6 << 3) | 2;
const FIELDS = (1 << 3) | 2;
const VALUES = (1 << 3) | 2;
const KEY = (1 << 3) | 2;
const VALUE = (2 << 3) | 2;

/**
 * Writes a JSON value as a `google.protobuf.Value`, without its length. A property that is undefined is left out, as
 * `JSON.stringify` does. NaN, Infinity, what is no JSON at all, and nesting over 32 are INVALID_PAYLOAD.
 */
export function writeJson(writer: WireWriter, json: JsonValue): void {
  write(writer, json, []);
}

function write(writer: WireWriter, json: JsonValue, path: Path): void {
  switch (typeof json) {
    case 'string':
      writer.text(json);
      return writer.varint(STRING_VALUE);
    case 'number':
      if (!Number.isFinite(json)) throw notFinite(json, path);
      writer.double(json);
      return writer.varint(NUMBER_VALUE);
    case 'boolean':
      writer.varint(json ? 1 : 0);
      return writer.varint(BOOL_VALUE);
    case 'object':
      if (json === null) {
        writer.varint(0);
        return writer.varint(NULL_VALUE);
      }
      return Array.isArray(json) ? writeList(writer, json, path) : writeStruct(writer, json, path);
    default:
      throw invalidPayload(path, `is of the type ${typeof json}, which JSON does not have`);
  }
}

function writeList(writer: WireWriter, items: readonly JsonValue[], path: Path): void {
  enterPath(path);
  const end = writer.length;
  for (let i = items.length - 1; i >= 0; i--) {
    const itemEnd = writer.length;
    path.push(i);
    write(writer, items[i]!, path);
    path.pop();
    writer.varint(writer.length - itemEnd);
    writer.varint(VALUES);
  }
  writer.varint(writer.length - end);
  writer.varint(LIST_VALUE);
}

function writeStruct(writer: WireWriter, object: Readonly<Record<string, JsonValue>>, path: Path): void {
  enterPath(path);
  const end = writer.length;
  const keys = Object.keys(object);
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i]!;
    const value = object[key];
    if (value === undefined) continue;
    const entryEnd = writer.length;
    path.push(key);
    write(writer, value, path);
    path.pop();
    writer.varint(writer.length - entryEnd);
    writer.varint(VALUE);
    writer.text(key);
    writer.varint(KEY);
    writer.varint(writer.length - entryEnd);
    writer.varint(FIELDS);
  }
  writer.varint(writer.length - end);
  writer.varint(STRUCT_VALUE);
}
