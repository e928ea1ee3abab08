import type { DescMethod } from '@bufbuild/protobuf';
import { Code } from './code.ts';
import { RpcError } from './rpc-error.ts';

/**
 * Stands where a request should, and says why there is none. grpc-js would end the call INTERNAL, as if the fault
 * were the server's, and without a word on what it is.
 */
export class Unreadable {
  readonly error: RpcError;

  constructor(error: RpcError) {
    this.error = error;
  }
}

/**
 * Reads requests of a method with `read`: those over `maxBytes`, or that are none, are Unreadable. What `read` itself
 * refuses with an RpcError is refused with that.
 */
export function readWithin(
  method: DescMethod,
  read: (bytes: Buffer) => unknown,
  maxBytes: number,
): (bytes: Buffer) => unknown {
  return (bytes) => {
    if (bytes.length > maxBytes) {
      const text = `A request of ${method.name} may have ${maxBytes} bytes, this one has ${bytes.length}. Send less at once.`;
      return new Unreadable(new RpcError(Code.RESOURCE_EXHAUSTED, text));
    }
    try {
      return read(bytes);
    } catch (cause) {
      if (cause instanceof RpcError) return new Unreadable(cause);
      const text = `The request is no ${method.input.typeName}: ${RpcError.from(cause).message}. Encode it by the proto.`;
      return new Unreadable(new RpcError(Code.INVALID_ARGUMENT, text, [], { cause }));
    }
  };
}

/** The request; throws why there is none. */
export function readable<T>(request: T): T {
  if (request instanceof Unreadable) throw request.error;
  return request;
}
