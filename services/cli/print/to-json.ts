import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { forJson, jsonRegistry } from '../../protocol/json-door.ts';
import type { JsonValue } from '../../protocol/value.ts';

/**
 * A message in the JSON of protobuf, as grpcurl shows it. A Value without a kind is null, and a detail of a type that
 * is not known is left out: any member may have sent them, and the rest is worth showing.
 */
export function messageToJson<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonValue {
  return toJson(
    schema,
    forJson(schema, message, () => {}),
    { registry: jsonRegistry },
  );
}
