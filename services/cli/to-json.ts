import { createRegistry, type DescMessage, isMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { type Any, anyUnpack, NullValue, type Value } from '@bufbuild/protobuf/wkt';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import type { Status } from '../../gen/google/rpc/status_pb.js';
import type { JsonValue } from '../protocol/value.ts';

const registry = createRegistry(file_google_rpc_error_details);

/**
 * A message in the JSON of protobuf, as grpcurl shows it. What has no JSON, but may come from any member, costs only
 * itself: a Value without a kind is null, and a detail of an unknown type is left out. The message itself is mended so.
 */
export function messageToJson<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonValue {
  mend(message);
  return toJson(schema, message, { registry });
}

function mend(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (isMessage(value)) {
    if (value.$typeName === 'google.protobuf.Value') mendValue(value as Value);
    if (value.$typeName === 'google.rpc.Status') mendStatus(value as Status);
  }
  for (const field of Object.values(value)) mend(field);
}

function mendValue(value: Value): void {
  if (value.kind.case === undefined) value.kind = { case: 'nullValue', value: NullValue.NULL_VALUE };
}

function mendStatus(status: Status): void {
  status.details = status.details.filter(isKnown);
}

function isKnown(detail: Any): boolean {
  try {
    return anyUnpack(detail, registry) !== undefined;
  } catch {
    return false;
  }
}
