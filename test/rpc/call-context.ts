import type { CallContext } from '../../services/rpc/call-context.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { silent } from '../../services/rpc/log.ts';

/** What a handler is told of a call when a test calls it without a server. */
export function testContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return {
    method: 'test.Service/Method',
    signal,
    deadline: Deadline.never,
    peer: '127.0.0.1:1',
    headers: new Headers(),
    log: silent,
  };
}
