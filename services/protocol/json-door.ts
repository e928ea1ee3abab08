import { createRegistry, isMessage } from '@bufbuild/protobuf';
import { type Any, AnySchema, anyUnpack, NullValue, ValueSchema } from '@bufbuild/protobuf/wkt';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import { troupeError } from './reason.ts';

/** The types that an Any may hold to be shown in JSON: the error details of google.rpc. */
export const jsonRegistry = createRegistry(file_google_rpc_error_details);

/** Told of a detail that was left out: its type URL. */
export type OnDropped = (typeUrl: string) => void;

/**
 * A message as protobuf's JSON can hold it: a Value without a kind becomes null, and a detail of an unknown
 * type is left out of its list. The message itself stays as it is, since others may hold it too. NaN and
 * Infinity have no JSON: INVALID_PAYLOAD.
 */
export function forJson<T extends object>(message: T, onDropped: OnDropped): T {
  return mend(message, onDropped) as T;
}

function mend(value: unknown, onDropped: OnDropped): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw notJson(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return mendList(value, onDropped);
  if (isMessage(value, ValueSchema) && value.kind.case === undefined) {
    return { ...value, kind: { case: 'nullValue', value: NullValue.NULL_VALUE } };
  }
  let mended = value;
  for (const [name, field] of Object.entries(value)) {
    const now = mend(field, onDropped);
    if (now === field) continue;
    if (mended === value) mended = copyOf(value);
    Reflect.set(mended, name, now);
  }
  return mended;
}

function mendList(list: readonly unknown[], onDropped: OnDropped): readonly unknown[] {
  const mended = list
    .filter((item) => {
      if (!isMessage(item, AnySchema) || isKnown(item)) return true;
      onDropped(item.typeUrl);
      return false;
    })
    .map((item) => mend(item, onDropped));
  const same = mended.length === list.length && mended.every((item, index) => item === list[index]);
  return same ? list : mended;
}

function isKnown(detail: Any): boolean {
  try {
    return anyUnpack(detail, jsonRegistry) !== undefined;
  } catch {
    return false;
  }
}

/** A copy with the same prototype. A field called `__proto__` stays a field. */
function copyOf(value: object): object {
  return Object.create(Object.getPrototypeOf(value), Object.getOwnPropertyDescriptors(value));
}

function notJson(value: number) {
  const text = `The answer holds ${value}, which JSON does not have. Ask for it over gRPC, or mend the agent that sent it.`;
  return troupeError('INVALID_PAYLOAD', text);
}
