import type { DescMethodBiDiStreaming, DescMethodServerStreaming, MessageShape } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  ServerDuplexStream,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { GrpcCall } from './grpc-call.ts';
import type { BidiHandler, ServerStreamHandler } from './handlers.ts';
import type { OpenCalls } from './open-calls.ts';
import { readObjects } from './read-objects.ts';
import { RpcError } from './rpc-error.ts';
import type { ServerCall } from './server-call.ts';
import { toWire } from './status-details.ts';
import { readable } from './unreadable.ts';
import { writeObjects } from './write-objects.ts';

/**
 * How many answers to one request may be on their way to the network. They come one by one, where what goes both ways
 * comes in batches: the fewer of those wait to be written, the more the next can gather.
 */
const MAX_UNWRITTEN_ANSWERS = 8;

/** Serves a method that answers one request with a stream. */
export function serveServerStream<M extends DescMethodServerStreaming>(
  method: M,
  handler: ServerStreamHandler<M>,
  calls: OpenCalls,
): handleServerStreamingCall<MessageShape<M['input']>, unknown> {
  return (surface) => {
    const call = new GrpcCall(method, surface, calls);
    return pour(surface, call, () => handler(readable(surface.request), call), MAX_UNWRITTEN_ANSWERS);
  };
}

/** Serves a method with a stream both ways. */
export function serveBidi<M extends DescMethodBiDiStreaming>(
  method: M,
  handler: BidiHandler<M>,
  calls: OpenCalls,
): handleBidiStreamingCall<MessageShape<M['input']>, unknown> {
  return (surface) => {
    const call = new GrpcCall(method, surface, calls);
    return pour(surface, call, () => handler(readObjects(surface, { signal: call.signal }), call));
  };
}

/** Writes what a handler yields to the caller, and ends the stream with what became of it. */
async function pour(
  surface: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  call: ServerCall,
  responses: () => AsyncIterable<unknown>,
  maxUnwritten?: number,
): Promise<void> {
  try {
    await writeObjects(surface, responses(), call.signal, maxUnwritten);
    call.signal.throwIfAborted();
    surface.end();
    call.end();
  } catch (thrown) {
    const error = RpcError.from(thrown);
    // grpc-js's own way to end a stream with a status other than OK.
    surface.emit('error', toWire(error));
    call.end(error);
  }
}
