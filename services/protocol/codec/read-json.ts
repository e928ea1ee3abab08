import { fromBinary, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { READ_OPTIONS } from '../../rpc/codec.ts';
import type { Payload } from './payload.ts';
import { enterPath, notFinite, type Path } from './payload-path.ts';
import { UNUSUAL } from './unusual.ts';
import { WireReader } from './wire-reader.ts';

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
 * The JSON value that a payload holds; null where it has no kind. NaN, Infinity and nesting over 32 are
 * INVALID_PAYLOAD.
 */
export function readJson(payload: Payload): JsonValue {
  const { buffer, start, end } = payload;
  try {
    return readValue(new WireReader(buffer, start, end), end, []);
  } catch (thrown) {
    if (thrown !== UNUSUAL) throw thrown;
  }
  // Fields that are not known, or come twice: protobuf-es knows what they mean, and writes it plainly.
  const value = fromBinary(ValueSchema, payload.bytes, { ...READ_OPTIONS, readUnknownFields: false });
  const plain = Buffer.from(toBinary(ValueSchema, value));
  return readValue(new WireReader(plain), plain.length, []);
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
    case STRING_VALUE:
      return reader.text();
    case NUMBER_VALUE: {
      const number = reader.double();
      if (!Number.isFinite(number)) throw notFinite(number, path);
      return number;
    }
    case BOOL_VALUE:
      return reader.varint() !== 0;
    case STRUCT_VALUE:
      return readStruct(reader, reader.delimited(), path);
    case LIST_VALUE:
      return readList(reader, reader.delimited(), path);
    case NULL_VALUE:
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
    if (reader.varint() !== FIELDS) throw UNUSUAL;
    const entryEnd = reader.delimited();
    if (reader.varint() !== KEY) throw UNUSUAL;
    const key = reader.name();
    if (reader.varint() !== VALUE) throw UNUSUAL;
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
    if (reader.varint() !== VALUES) throw UNUSUAL;
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
