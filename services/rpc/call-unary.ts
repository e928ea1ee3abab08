import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type CallOptions, toGrpc, unaryDeadline } from './call-options.ts';
import type { Channel } from './channel.ts';
import { type Codecs, methodDefinition } from './codec.ts';
import { RpcError } from './rpc-error.ts';
import { fromWire } from './status-details.ts';

/** A unary method, ready to be called. */
export type UnaryCall<M extends DescMethodUnary> = (
  request: MessageInitShape<M['input']>,
  options?: CallOptions,
) => Promise<MessageShape<M['output']>>;

/** Makes a unary method callable over a channel. */
export function callUnary<M extends DescMethodUnary>(
  method: M,
  channel: Channel,
  codecs?: Codecs,
): UnaryCall<M> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method, codecs);
  return (request, options = {}) =>
    new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(RpcError.from(signal.reason));
      const [metadata, grpcOptions] = toGrpc(unaryDeadline(options), options);
      const call = channel.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => MessageShape<M['output']>,
        request,
        metadata,
        grpcOptions,
        (failure, response) => {
          signal?.removeEventListener('abort', cancel);
          if (response !== undefined) resolve(response);
          else reject(signal?.aborted ? RpcError.from(signal.reason) : fromWire(failure!));
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel);
    });
}
