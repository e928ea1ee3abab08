import { troupeError } from '../protocol/reason.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** What an author's own code threw: an RpcError is its own word, anything else is HANDLER_FAILED. */
export function handlerFailure(thrown: unknown, about: { agent: string; capability?: string }): RpcError {
  if (thrown instanceof RpcError) return thrown;
  const { agent, capability = 'a broadcast' } = about;
  const text = `${agent} failed at ${capability}: ${RpcError.from(thrown).message}`;
  return troupeError('HANDLER_FAILED', text, { ...about, cause: thrown });
}

/**
 * Makes a reply of what a handler answered. What is no JSON fails as the handler's own fault: the payload
 * that it was given was not to blame.
 */
export function replyOf<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`it answered what is no JSON: ${RpcError.from(error).message}`, { cause: error });
  }
}
