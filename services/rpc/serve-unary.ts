import { create, type DescMethodUnary, type MessageShape } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { GrpcCall } from './grpc-call.ts';
import type { UnaryHandler } from './handlers.ts';
import type { OpenCalls } from './open-calls.ts';
import { RpcError } from './rpc-error.ts';
import { toWire } from './status-details.ts';
import { unlessAborted } from './unless-aborted.ts';
import { readable } from './unreadable.ts';

/** Serves a unary method: one request in, one response or error out. */
export function serveUnary<M extends DescMethodUnary>(
  method: M,
  handler: UnaryHandler<M>,
  calls: OpenCalls,
): handleUnaryCall<MessageShape<M['input']>, unknown> {
  return async (surface, callback) => {
    const call = new GrpcCall(method, surface, calls);
    try {
      const response = await unlessAborted(call.signal, async () => handler(readable(surface.request), call));
      callback(null, create(method.output, response));
      call.end();
    } catch (thrown) {
      const error = RpcError.from(thrown);
      callback(toWire(error));
      call.end(error);
    }
  };
}
