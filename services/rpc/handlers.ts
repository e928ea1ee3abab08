import type {
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { CallContext } from './call-context.ts';

/**
 * Answers one request with one response. It fails by throwing: an RpcError as it is, anything else as
 * UNKNOWN.
 */
export type UnaryHandler<M extends DescMethodUnary> = (
  request: MessageShape<M['input']>,
  context: CallContext,
) => Promise<MessageInitShape<M['output']>> | MessageInitShape<M['output']>;

/** Answers one request with any number of responses; the stream ends when the iteration does. */
export type ServerStreamHandler<M extends DescMethodServerStreaming> = (
  request: MessageShape<M['input']>,
  context: CallContext,
) => AsyncIterable<MessageInitShape<M['output']>>;

/** Answers any number of requests with any number of responses, in whatever order it likes. */
export type BidiHandler<M extends DescMethodBiDiStreaming> = (
  requests: AsyncIterable<MessageShape<M['input']>>,
  context: CallContext,
) => AsyncIterable<MessageInitShape<M['output']>>;

/**
 * An implementation of every method of a service. It knows nothing of the door that it is served through.
 * Client streams are left out: the contract has none.
 */
export type Handlers<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary
    ? UnaryHandler<S['method'][K]>
    : S['method'][K] extends DescMethodServerStreaming
      ? ServerStreamHandler<S['method'][K]>
      : S['method'][K] extends DescMethodBiDiStreaming
        ? BidiHandler<S['method'][K]>
        : never;
};
