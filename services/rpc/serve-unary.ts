import { create, type DescMethodUnary, type MessageShape } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
import type { UnaryHandler } from './handlers.ts';
import { RpcError } from './rpc-error.ts';
import { ServerCall, type ServerCalls } from './server-call.ts';
import { toWire } from './status-details.ts';

/** Serves a unary method: one request in, one response or error out. */
export function serveUnary<M extends DescMethodUnary>(
  method: M,
  handler: UnaryHandler<M>,
  calls: ServerCalls,
): handleUnaryCall<MessageShape<M['input']>, unknown> {
  return async (surface, callback) => {
    const call = new ServerCall(method, surface, calls);
    try {
      const response = await unlessAborted(call.signal, async () => handler(surface.request, call));
      callback(null, create(method.output, response));
      call.end();
    } catch (thrown) {
      const error = RpcError.from(thrown);
      callback(toWire(error));
      call.end(error);
    }
  };
}

/**
 * Waits for `work`, but not for a handler that does not heed its signal: then fails with the signal's reason.
 */
function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work().then(resolve, reject);
  });
}
