import { isCelError, isCelList, isCelMap, isCelUint } from '@bufbuild/cel';
import { toJson } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { JsonValue } from '../../protocol/value.ts';

/** How much the results of expressions may still hold. */
export interface Room {
  /** In bytes, roughly: one for each character of a text, eight for all else. */
  bytes: number;
}

/**
 * A value of CEL as JSON: integers are numbers, timestamps and durations texts as in protobuf's JSON, bytes base64. It
 * throws where JSON has no such value, and where the result is larger than `room`, which it takes from.
 */
export function celToJson(value: unknown, room: Room): JsonValue {
  room.bytes -= typeof value === 'string' ? value.length : 8;
  if (room.bytes < 0) throw new Error('its result is too large');
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Error(`its result holds ${value}, which JSON does not have`);
    case 'bigint':
      return exact(value);
  }
  if (value === null) return null;
  if (isCelUint(value)) return exact(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isCelList(value)) return Array.from(value, (item) => celToJson(item, room));
  if (isCelMap(value)) {
    // Not by assignment, to which `__proto__` would be no property.
    return Object.fromEntries(
      Array.from(value, ([key, item]) => [keyText(key, room), celToJson(item, room)]),
    );
  }
  if (isReflectMessage(value, TimestampSchema) || isReflectMessage(value, DurationSchema)) {
    return toJson(value.desc, value.message);
  }
  throw new Error(isCelError(value) ? value.message : 'its result is a type, which JSON does not have');
}

function exact(integer: bigint): number {
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`its result holds ${integer}, which no number of JSON is exactly: make it a string`);
}

function keyText(key: unknown, room: Room): string {
  const text = isCelUint(key) ? String(key.value) : String(key);
  room.bytes -= text.length;
  return text;
}
