import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { troupeError } from '../reason.ts';

/** The failure that an ERROR tells of. */
export function errorIn(message: AgentMessage): RpcError {
  if (message.error) return RpcError.fromStatus(message.error);
  return new RpcError(Code.UNKNOWN, 'The other end answered an ERROR that does not say what went wrong.');
}

/** The failure of what was in flight when a link was lost. */
export function lost(why: string, cause?: unknown): RpcError {
  const text = `The link was lost; work may have been done. ${why}`;
  return troupeError('INSTANCE_LOST', text, cause === undefined ? {} : { cause });
}

/** The failure of what still waited to be sent when a link ended: no work was done. */
export function unsent(draining: boolean, cause?: unknown): RpcError {
  const because = cause === undefined ? {} : { cause };
  return draining
    ? troupeError('DRAINING', 'The other end of the link has left, and this was never sent to it.', because)
    : troupeError('NO_LIVE_INSTANCE', 'The link was lost before this was sent: no work was done.', because);
}

/** The failure of what is sent over a link that takes no more. */
export function refused(draining: boolean): RpcError {
  return draining
    ? troupeError('DRAINING', 'The other end of the link is about to leave and takes nothing new.')
    : troupeError('NO_LIVE_INSTANCE', 'The link has ended or is closing, and takes nothing new.');
}
