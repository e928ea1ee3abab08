import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { forJson, jsonRegistry } from '../protocol/json-door.ts';
import type { JsonValue } from '../protocol/value.ts';

/**
 * A message in the JSON of protobuf, as grpcurl shows it. What has no JSON, but may come from any member, costs
 * only itself: a Value without a kind is null, and a detail of an unknown type is left out.
 */
export function messageToJson<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonValue {
  return toJson(
    schema,
    forJson(message, () => {}),
    { registry: jsonRegistry },
  );
}
