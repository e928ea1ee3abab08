import type {
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
} from '@bufbuild/protobuf';
import { type BidiCall, callBidi, callServerStream, type ServerStreamCall } from './call-stream.ts';
import { callUnary, type UnaryCall } from './call-unary.ts';
import type { Channel } from './channel.ts';

/** Every method of a service as a function: promises for unary ones, AsyncIterables for streams. */
export type Client<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary
    ? UnaryCall<S['method'][K]>
    : S['method'][K] extends DescMethodServerStreaming
      ? ServerStreamCall<S['method'][K]>
      : S['method'][K] extends DescMethodBiDiStreaming
        ? BidiCall<S['method'][K]>
        : never;
};

/** A client of a service over a channel. Its calls fail with an RpcError, never with anything else. */
export function createClient<S extends DescService>(service: S, channel: Channel): Client<S> {
  const client: Record<string, unknown> = {};
  for (const method of service.methods) {
    if (method.methodKind === 'unary') client[method.localName] = callUnary(method, channel);
    else if (method.methodKind === 'server_streaming')
      client[method.localName] = callServerStream(method, channel);
    else if (method.methodKind === 'bidi_streaming') client[method.localName] = callBidi(method, channel);
    else throw new Error(`${service.typeName}.${method.name}: client streams are not supported.`);
  }
  return client as Client<S>;
}
