import { troupeError } from '../protocol/reason.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** Whose code it is that may fail. */
type About = { agent: string; capability?: string };

/**
 * What an author's own code threw: an RpcError is its own word, anything else is HANDLER_FAILED. It never throws,
 * whatever was thrown: nobody would answer the task.
 */
export function handlerFailure(thrown: unknown, about: About): RpcError {
  try {
    const failure = RpcError.from(thrown);
    return thrown instanceof RpcError ? failure : handlerFailed(failure, about);
  } catch {
    // A proxy whose traps throw. They would do so again for whoever prints the error, were it the cause.
    return handlerFailed(RpcError.from('what was thrown cannot be read'), about);
  }
}

function handlerFailed({ message, cause }: RpcError, about: About): RpcError {
  const { agent, capability = 'a broadcast' } = about;
  return troupeError('HANDLER_FAILED', `${agent} failed at ${capability}: ${message}`, { ...about, cause });
}

/**
 * Makes a message of what a handler said, by default its reply. What is no JSON fails as the handler's own fault: the
 * payload that it was given was not to blame.
 */
export function saidBy<T>(make: () => T, says = 'answered'): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`it ${says} what is no JSON: ${RpcError.from(error).message}`, { cause: error });
  }
}
