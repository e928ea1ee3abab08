import { type JsonObject, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { Payload } from './codec/payload.ts';
import { readJson } from './codec/read-json.ts';
import { WireWriter } from './codec/wire-writer.ts';
import { writeJson } from './codec/write-json.ts';

export { MAX_PAYLOAD_DEPTH } from './codec/payload-path.ts';
export type { JsonObject, JsonValue };

const writer = new WireWriter();
let isWriting = false;

/**
 * A JSON value as the `google.protobuf.Value` that a message carries: encoded already, so that it is as it was when
 * this was called, whatever becomes of the JSON. A property that is undefined is left out, and an instance of a class
 * with `toJSON` (a Date) becomes what that answers, as `JSON.stringify` does; any other gives its own properties. NaN,
 * Infinity, what is no JSON at all, a Map, a Set, bytes (a Buffer, a typed array), and nesting over 32 are
 * INVALID_PAYLOAD.
 */
export function toValue(json: JsonValue): Value {
  // A `toJSON` on the way may itself make a message.
  const own = isWriting ? new WireWriter() : writer;
  const outer = isWriting;
  isWriting = true;
  try {
    own.start();
    writeJson(own, json);
    return new Payload(own.bytes());
  } finally {
    isWriting = outer;
  }
}

/**
 * The JSON value that a `google.protobuf.Value` holds; null where it is absent or has no kind. NaN, Infinity and
 * nesting over 32 are INVALID_PAYLOAD.
 */
export function fromValue(value: Value | undefined): JsonValue {
  if (value === undefined) return null;
  return readJson(value instanceof Payload ? value : new Payload(Buffer.from(toBinary(ValueSchema, value))));
}
