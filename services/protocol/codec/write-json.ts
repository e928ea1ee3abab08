import { types } from 'node:util';
import type { JsonValue } from '@bufbuild/protobuf';
import { enterPath, invalidPayload, notFinite, type Path } from './payload-path.ts';
import { EntryTag, ValueTag } from './tags.ts';
import type { WireWriter } from './wire-writer.ts';

/**
 * Writes a JSON value as a `google.protobuf.Value`, without its length. A property that is undefined is left out, and an
 * instance of a class with `toJSON` (a Date) is written as what that answers, as `JSON.stringify` does. NaN, Infinity,
 * what is no JSON at all, a Map, a Set, bytes (a Buffer, a typed array), and nesting over 32 are INVALID_PAYLOAD.
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
      if (Array.isArray(json)) return writeList(writer, json, path);
      return isPlain(json) ? writeStruct(writer, json, path) : writeInstance(writer, json, path);
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

/** Whether an object is one that JSON has: of no class, of this realm. */
function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

function writeInstance(writer: WireWriter, instance: Instance, path: Path): void {
  // A Buffer has a `toJSON`, whose answer takes several times the room and comes back as no Buffer.
  refuseBytes(instance, path);
  const json = typeof instance.toJSON === 'function' ? instance.toJSON(String(path.at(-1) ?? '')) : instance;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return write(writer, json, path);
  refuseBytes(json, path);
  if (types.isMap(json) || types.isSet(json)) {
    throw invalidPayload(
      path,
      `is a ${tagOf(json)}, which JSON does not have: make an object or array of it`,
    );
  }
  // Not `write`: an answer is not asked again, be it the instance itself.
  writeStruct(writer, json, path);
}

/** What may have a `toJSON`, whose answer is taken for JSON: what is not is refused as it is written. */
type Instance = Readonly<Record<string, JsonValue>> & { toJSON?: unknown };

function refuseBytes(object: object, path: Path): void {
  if (!ArrayBuffer.isView(object) && !types.isAnyArrayBuffer(object)) return;
  const what = Buffer.isBuffer(object) ? 'Buffer' : tagOf(object);
  throw invalidPayload(
    path,
    `is a ${what}, which JSON does not have: make an array of numbers, attach bytes, or send them as base64 text`,
  );
}

/** The name of a built-in class, as an object itself tells it. */
function tagOf(object: object): string {
  return Object.prototype.toString.call(object).slice('[object '.length, -1);
}
