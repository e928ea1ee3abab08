import { fromBinary, type JsonObject } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { jsonRegistry } from '../protocol/json-door.ts';
import type { Code } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { bounded } from '../rpc/status-details.ts';

/** What a ConnectError holds of a detail: one whose type is known is shown in JSON, any other as bytes. */
type Detail = ConnectError['details'][number];

/**
 * An error of ours as Connect sends it, within the bounds of every other door. Codes have the same numbers
 * in both. Details keep their bytes in every protocol, and in JSON those of google.rpc are also spelled
 * out, under `debug`.
 */
export function toConnectError(error: RpcError): ConnectError {
  const { code, message, details } = bounded(error);
  const outgoing = new ConnectError(message, code as number, undefined, undefined, error);
  outgoing.details = details.map(toDetail);
  return outgoing;
}

/** What Connect threw, or reported as the reason of an abort, as an error of ours. */
export function fromConnectError(thrown: unknown): RpcError {
  if (!(thrown instanceof ConnectError)) return RpcError.from(thrown);
  if (thrown.cause instanceof RpcError) return thrown.cause;
  const details = thrown.details.filter((detail) => 'type' in detail).map(toAny);
  return new RpcError(thrown.code as number as Code, thrown.rawMessage, details, { cause: thrown });
}

function toDetail({ typeUrl, value }: Any): Detail {
  const type = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const desc = jsonRegistry.getMessage(type);
  if (desc) {
    try {
      return { desc, value: fromBinary(desc, value) };
    } catch {
      // Details come from agents: one that does not decode is passed on as it is.
    }
  }
  return { type, value };
}

function toAny({ type, value }: { type: string; value: Uint8Array; debug?: JsonObject | unknown }): Any {
  return { $typeName: 'google.protobuf.Any', typeUrl: `type.googleapis.com/${type}`, value };
}
