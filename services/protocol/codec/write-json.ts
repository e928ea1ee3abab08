import type { JsonValue } from '@bufbuild/protobuf';
import { enterPath, invalidPayload, notFinite, type Path } from './payload-path.ts';
import { EntryTag, ValueTag } from './tags.ts';
import type { WireWriter } from './wire-writer.ts';

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
      return writer.varint(ValueTag.stringValue);
    case 'number':
      if (!Number.isFinite(json)) throw notFinite(json, path);
      writer.double(json);
      return writer.varint(ValueTag.numberValue);
    case 'boolean':
      writer.varint(json ? 1 : 0);
      return writer.varint(ValueTag.boolValue);
    case 'object':
      if (json === null) {
        writer.varint(0);
        return writer.varint(ValueTag.nullValue);
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
    writer.varint(ValueTag.values);
  }
  writer.varint(writer.length - end);
  writer.varint(ValueTag.listValue);
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
    writer.varint(EntryTag.value);
    writer.text(key);
    writer.varint(EntryTag.key);
    writer.varint(writer.length - entryEnd);
    writer.varint(ValueTag.fields);
  }
  writer.varint(writer.length - end);
  writer.varint(ValueTag.structValue);
}
