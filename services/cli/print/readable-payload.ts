import type { Value } from '@bufbuild/protobuf/wkt';
import { fromValue, type JsonValue } from '../../protocol/value.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/**
 * What a payload holds, for people to read among other things: any member may have sent it, and one that JSON does not
 * have, such as NaN, shall hide nothing else. It is a text that says so.
 */
export function readablePayload(payload: Value | undefined): JsonValue {
  try {
    return fromValue(payload);
  } catch (thrown) {
    return `(${RpcError.from(thrown).message})`;
  }
}
