import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
} from '@bufbuild/protobuf';
import { type BidiCall, callBidi, callServerStream, type ServerStreamCall } from './call-stream.ts';
import { callUnary, type UnaryCall } from './call-unary.ts';
import type { Channel } from './channel.ts';
import type { Codecs } from './codec.ts';

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

/**
 * A client of a service over a channel. Its calls fail with an RpcError, never with anything else. `codecs` read and
 * write the messages that they know, instead of protobuf-es.
 */
export function createClient<S extends DescService>(
  service: S,
  channel: Channel,
  codecs?: Codecs,
): Client<S> {
  const calls = service.methods.map((method) => [method.localName, callable(method, channel, codecs)]);
  return Object.fromEntries(calls) as Client<S>;
}

function callable(method: DescMethod, channel: Channel, codecs?: Codecs): unknown {
  switch (method.methodKind) {
    case 'unary':
      return callUnary(method as DescMethodUnary, channel, codecs);
    case 'server_streaming':
      return callServerStream(method as DescMethodServerStreaming, channel, codecs);
    case 'bidi_streaming':
      return callBidi(method as DescMethodBiDiStreaming, channel, codecs);
    case 'client_streaming':
      throw new Error(`${method.toString()}: client streams are not supported.`);
  }
}
