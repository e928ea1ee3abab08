import type { DescMethod } from '@bufbuild/protobuf';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { Deadline } from './deadline.ts';
import type { OpenCalls } from './open-calls.ts';
import { ServerCall } from './server-call.ts';

/** The part of grpc-js's four kinds of server call that they share. */
type Surface = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer' | 'getDeadline'> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/** A call that came by gRPC. */
export class GrpcCall extends ServerCall {
  readonly #surface: Surface;

  constructor(method: DescMethod, surface: Surface, calls: OpenCalls) {
    super(method, toDeadline(surface.getDeadline()), calls);
    this.#surface = surface;
    // grpc-js emits this at the end of every call, so only what comes before our own end is a cancel.
    surface.on('cancelled', () => this.cancel());
  }

  get peer(): string {
    return this.#surface.getPeer();
  }

  get headers(): Headers {
    const headers = new Headers();
    for (const [name, value] of Object.entries(this.#surface.metadata.getMap())) {
      if (typeof value === 'string') headers.set(name, value);
    }
    return headers;
  }
}

/** grpc-js tells a deadline as a moment of the wall clock: it becomes time left, here and once. */
function toDeadline(moment: Date | number): Deadline {
  const at = typeof moment === 'number' ? moment : moment.getTime();
  return at === Number.POSITIVE_INFINITY ? Deadline.never : Deadline.after(at - Date.now());
}
