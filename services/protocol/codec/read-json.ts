import { type JsonValue, toBinary } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { Payload } from './payload.ts';
import { enterPath, notFinite, type Path } from './payload-path.ts';
import { EntryTag, ValueTag } from './tags.ts';
import { UNUSUAL } from './unusual.ts';
import { WireReader } from './wire-reader.ts';

/**
 * The JSON value that a payload holds; null where it has no kind. NaN, Infinity, nesting over 32, and bytes that are no
 * Value are INVALID_PAYLOAD.
 */
export function readJson(payload: Payload): JsonValue {
  const { buffer, start, end } = payload;
  try {
    return readValue(new WireReader(buffer, start, end), end, []);
  } catch (thrown) {
    if (thrown !== UNUSUAL) throw thrown;
  }
  const plain = plainly(payload);
  return readValue(new WireReader(plain), plain.length, []);
}

/** Where there are fields that are not known, or come twice, protobuf-es knows what they mean, and writes it plainly. */
function plainly(payload: Payload): Buffer {
  return Buffer.from(toBinary(ValueSchema, payload, { writeUnknownFields: false }));
}

/** Reads a Value that ends at `end`. */
function readValue(reader: WireReader, end: number, path: Path): JsonValue {
  if (reader.at === end) return null;
  const json = readKind(reader, path);
  // A second kind would take the place of the first, or be merged with it.
  if (reader.at !== end) throw UNUSUAL;
  return json;
}

function readKind(reader: WireReader, path: Path): JsonValue {
  switch (reader.varint()) {
    case ValueTag.stringValue:
      return reader.text();
    case ValueTag.numberValue: {
      const number = reader.double();
      if (!Number.isFinite(number)) throw notFinite(number, path);
      return number;
    }
    case ValueTag.boolValue:
      return reader.varint() !== 0;
    case ValueTag.structValue:
      return readStruct(reader, reader.delimited(), path);
    case ValueTag.listValue:
      return readList(reader, reader.delimited(), path);
    case ValueTag.nullValue:
      reader.skip(0);
      return null;
    default:
      throw UNUSUAL;
  }
}

function readStruct(reader: WireReader, end: number, path: Path): JsonValue {
  enterPath(path);
  const object: Record<string, JsonValue> = {};
  while (reader.at < end) {
    if (reader.varint() !== ValueTag.fields) throw UNUSUAL;
    const entryEnd = reader.delimited();
    if (reader.varint() !== EntryTag.key) throw UNUSUAL;
    const key = reader.name();
    if (reader.varint() !== EntryTag.value) throw UNUSUAL;
    const valueEnd = reader.delimited();
    if (valueEnd !== entryEnd || entryEnd > end) throw UNUSUAL;
    path.push(key);
    setOwn(object, key, readValue(reader, valueEnd, path));
    path.pop();
  }
  return object;
}

function readList(reader: WireReader, end: number, path: Path): JsonValue {
  enterPath(path);
  const items: JsonValue[] = [];
  while (reader.at < end) {
    if (reader.varint() !== ValueTag.values) throw UNUSUAL;
    const itemEnd = reader.delimited();
    if (itemEnd > end) throw UNUSUAL;
    path.push(items.length);
    items.push(readValue(reader, itemEnd, path));
    path.pop();
  }
  return items;
}

/** Sets a property of the object itself: assigning `__proto__` would change what the object inherits instead. */
function setOwn(object: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}
