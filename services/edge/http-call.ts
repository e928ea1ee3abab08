import type { DescMethod } from '@bufbuild/protobuf';
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import { Deadline } from '../rpc/deadline.ts';
import type { OpenCalls } from '../rpc/open-calls.ts';
import { ServerCall } from '../rpc/server-call.ts';

/** Under which a request's handler finds the address that it came from. */
export const peerKey = createContextKey('', { description: 'the address of the caller' });

/** A call that came by HTTP: Connect, gRPC-Web or gRPC. */
export class HttpCall extends ServerCall {
  readonly peer: string;
  readonly #context: HandlerContext;

  constructor(method: DescMethod, context: HandlerContext, calls: OpenCalls) {
    super(method, toDeadline(context.timeoutMs()), calls);
    this.peer = context.values.get(peerKey);
    this.#context = context;
    // Connect aborts at the end of every call too, so only what comes before our own end is a cancel.
    context.signal.addEventListener('abort', () => this.cancel());
    if (context.signal.aborted) this.cancel();
  }

  get headers(): Headers {
    return new Headers([...this.#context.requestHeader].filter(([name]) => !name.endsWith('-bin')));
  }

  /** Whether the caller wants the answer as JSON. */
  get wantsJson(): boolean {
    const { requestMethod, requestHeader, url } = this.#context;
    if (requestMethod === 'GET') return new URL(url).searchParams.get('encoding') === 'json';
    return requestHeader.get('content-type')?.includes('json') ?? false;
  }
}

/** Connect tells the time left by the wall clock; from here on the monotonic clock rules. */
function toDeadline(timeoutMs: number | undefined): Deadline {
  return timeoutMs === undefined ? Deadline.never : Deadline.after(timeoutMs);
}
