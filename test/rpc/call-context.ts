import type { CallContext } from '../../services/rpc/call-context.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { silent } from '../../services/rpc/log.ts';

/** The signals by which a test ends a call; those left out never abort. */
export type Signals = Partial<Pick<CallContext, 'signal' | 'draining'>>;

/** What a handler is told of a call when a test calls it without a server. */
export function testContext(signals: Signals = {}): CallContext {
  const never = new AbortController().signal;
  return {
    method: 'test.Service/Method',
    signal: never,
    draining: never,
    deadline: Deadline.never,
    peer: '127.0.0.1:1',
    headers: new Headers(),
    log: silent,
    ...signals,
  };
}
