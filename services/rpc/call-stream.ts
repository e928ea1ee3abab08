import type {
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { type CallOptions, toGrpc } from './call-options.ts';
import type { Channel } from './channel.ts';
import { type Codecs, methodDefinition } from './codec.ts';
import { Deadline } from './deadline.ts';
import { RpcError } from './rpc-error.ts';
import { fromWire } from './status-details.ts';
import { readObjects, writeObjects } from './stream-io.ts';

/** A method that answers with a stream, ready to be called. Leaving the iteration cancels the call. */
export type ServerStreamCall<M extends DescMethodServerStreaming> = (
  request: MessageInitShape<M['input']>,
  options?: CallOptions,
) => AsyncIterable<MessageShape<M['output']>>;

/**
 * A method with a stream both ways, ready to be called. The end of `requests` half-closes it; leaving the
 * iteration cancels it.
 */
export type BidiCall<M extends DescMethodBiDiStreaming> = (
  requests: AsyncIterable<MessageInitShape<M['input']>>,
  options?: CallOptions,
) => AsyncIterable<MessageShape<M['output']>>;

/** Makes a method that answers with a stream callable over a channel. */
export function callServerStream<M extends DescMethodServerStreaming>(
  method: M,
  channel: Channel,
  codecs?: Codecs,
): ServerStreamCall<M> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method, codecs);
  return (request, options = {}) =>
    receive(options, () =>
      channel.client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => MessageShape<M['output']>,
        request,
        ...toGrpc(options.deadline ?? Deadline.never, options),
      ),
    );
}

/** Makes a method with a stream both ways callable over a channel. */
export function callBidi<M extends DescMethodBiDiStreaming>(
  method: M,
  channel: Channel,
  codecs?: Codecs,
): BidiCall<M> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method, codecs);
  return (requests, options = {}) =>
    receive(options, () => {
      const call: ClientDuplexStream<
        unknown,
        MessageShape<M['output']>
      > = channel.client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => MessageShape<M['output']>,
        ...toGrpc(options.deadline ?? Deadline.never, options),
      );
      void send(call, requests);
      return call;
    });
}

/** Opens a call when the iteration begins, and yields what comes back. */
async function* receive<T>(
  options: CallOptions,
  open: () => ClientReadableStream<T>,
): AsyncGenerator<T, void> {
  options.signal?.throwIfAborted();
  const call = open();
  // A stream without a listener would end the process on an error that comes after the reading has stopped.
  call.on('error', () => {});
  try {
    yield* readObjects<T>(call, options.signal ?? new AbortController().signal);
  } catch (failure) {
    throw isServiceError(failure) ? fromWire(failure) : RpcError.from(failure);
  } finally {
    call.cancel();
  }
}

/** Sends the requests of a call until they end or it does. A failure of theirs cancels it. */
async function send(
  call: ClientDuplexStream<unknown, unknown>,
  requests: AsyncIterable<unknown>,
): Promise<void> {
  const ended = new AbortController();
  call.on('status', () => ended.abort());
  try {
    await writeObjects(call, requests, ended.signal);
    call.end();
  } catch {
    call.cancel();
  }
}

function isServiceError(failure: unknown): failure is ServiceError {
  return failure instanceof Error && 'code' in failure && 'metadata' in failure;
}
