import { Code } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { StopSignal } from '../rpc/stop-signal.ts';
import { reasonOf, troupeError } from './reason.ts';

/**
 * The error of a task that was stopped by its signal: the signal's reason itself where it carries one of the
 * mesh's reasons, else TASK_TIMED_OUT for a deadline, INSTANCE_LOST for a server that is shut down, and
 * TASK_CANCELLED for anything else.
 */
export function stoppedBy(signal: StopSignal): RpcError {
  const reason = RpcError.from(signal.reason);
  if (reasonOf(reason) !== undefined) return reason;
  if (reason.code === Code.DEADLINE_EXCEEDED) return timedOut(reason);
  // Not its caller stopped it, but whoever had it: the server that was shut down before the task had ended.
  if (reason.code === Code.UNAVAILABLE) {
    const text = `The task was given up: ${reason.message} Work may have been done.`;
    return troupeError('INSTANCE_LOST', text, { cause: reason });
  }
  return troupeError('TASK_CANCELLED', `The task was cancelled: ${reason.message}`, { cause: reason });
}

/** The error of a task whose time ran out while it was worked on. */
export function timedOut(cause?: unknown): RpcError {
  const text =
    'The time ran out before the task had ended. Give it a longer ttl or deadline, or ask for less.';
  return troupeError('TASK_TIMED_OUT', text, cause === undefined ? {} : { cause });
}
