import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { NullValue, type Value } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../rpc/rpc-error.ts';
import { mendEach } from './mend-each.ts';
import { troupeError } from './reason.ts';

/**
 * A Value as protobuf's JSON can hold it: one without a kind, at any depth, becomes null. NaN, Infinity, and bytes that
 * are no Value are INVALID_PAYLOAD.
 */
export function valueForJson(value: Value): Value {
  const kind = kindOf(value);
  const mended = kindForJson(kind);
  // Not a copy of the value: a Payload has its kind from its prototype.
  return mended === kind ? value : { $typeName: 'google.protobuf.Value', kind: mended };
}

/** A Struct in the form in which messages hold it, as JSON: what JSON does not have becomes null, as in JSON.stringify. */
export function structForJson(struct: JsonObject): JsonObject {
  return mendEach(struct, jsonForJson);
}

function jsonForJson(json: JsonValue): JsonValue {
  if (typeof json === 'number') return Number.isFinite(json) ? json : null;
  return typeof json === 'object' && json !== null ? mendEach(json, jsonForJson) : json;
}

function kindForJson(kind: Value['kind']): Value['kind'] {
  switch (kind.case) {
    case undefined:
      return { case: 'nullValue', value: NullValue.NULL_VALUE };
    case 'numberValue':
      if (!Number.isFinite(kind.value))
        throw notJson(`The answer holds ${kind.value}, which JSON does not have.`);
      return kind;
    case 'structValue': {
      const fields = mendEach(kind.value.fields, valueForJson);
      return fields === kind.value.fields ? kind : { ...kind, value: { ...kind.value, fields } };
    }
    case 'listValue': {
      const values = mendEach(kind.value.values, valueForJson);
      return values === kind.value.values ? kind : { ...kind, value: { ...kind.value, values } };
    }
    default:
      return kind;
  }
}

/** What a Value holds, which may be read only now. */
function kindOf(value: Value): Value['kind'] {
  try {
    return value.kind;
  } catch (thrown) {
    throw notJson(
      `The answer holds a payload that cannot be read: ${RpcError.from(thrown).message}.`,
      thrown,
    );
  }
}

function notJson(what: string, cause?: unknown): RpcError {
  return troupeError('INVALID_PAYLOAD', `${what} Ask for it over gRPC, or mend the agent that sent it.`, {
    cause,
  });
}
