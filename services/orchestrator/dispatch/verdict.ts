import { RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import type { Outcome } from '../../policy/outcome.ts';
import type { FailedAttempt } from '../../policy/retry-policy.ts';
import { errorInfoOf, type Reason } from '../../protocol/reason.ts';
import { durationToMs } from '../../protocol/ttl.ts';
import { Code } from '../../rpc/code.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import type { Connection } from '../member/connection.ts';
import type { RosterEntry } from '../roster/entry.ts';
import { isRoutable } from '../roster/status.ts';

/** What a failure says of the task, and of the instance that it comes from. */
export interface Verdict {
  /** Whether the task may be tried again. */
  kind: FailedAttempt['kind'];
  /**
   * Whether the instance has done its part: an input that it refused, and a handler that failed, are no fault of it.
   */
  outcome: Outcome;
  /** Whether its time ran out: a fault of the instance only where that was enough. */
  timedOut: boolean;
  /** Whether it has more work than it takes. */
  overloaded: boolean;
  /** Whether it refused since it is leaving: the others are as good as they were. */
  leaving: boolean;
  /** How long it asks to be left alone, in milliseconds. */
  pushBackMs: number;
}

/** The codes that say, without a reason of the mesh, that something is wrong with the instance itself. */
const FAULTY: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.INTERNAL, Code.DATA_LOSS]);

/** The reasons for which no work was done, if they are the instance's own. */
const REFUSED: ReadonlySet<string> = new Set<Reason>(['DRAINING', 'NO_LIVE_INSTANCE']);

/** What is said by one who was never asked. */
const OF_THE_CALLER: ReadonlySet<string> = new Set<Reason>(['TASK_CANCELLED', 'MESSAGE_EXPIRED']);

/** Of a task that never left for the instance. */
export const NEVER_SENT: Verdict = {
  kind: 'untouched',
  outcome: 'ignored',
  timedOut: false,
  overloaded: false,
  leaving: true,
  pushBackMs: 0,
};

/** Judges how an attempt at that instance failed. */
export function judge(error: RpcError, { agentId, instanceId, status }: RosterEntry<Connection>): Verdict {
  const info = errorInfoOf(error);
  const verdict: Verdict = {
    kind: 'final',
    outcome: 'success',
    timedOut: false,
    overloaded: false,
    leaving: false,
    pushBackMs: 0,
  };
  if (!info) {
    if (FAULTY.has(error.code)) return { ...verdict, kind: 'transient', outcome: 'failure' };
    return error.code === Code.CANCELLED ? { ...verdict, outcome: 'ignored' } : verdict;
  }
  const { reason, metadata } = info;
  // One that has not left only passes on what another agent told it, after it had begun.
  const left = !isRoutable(status);
  if (REFUSED.has(reason) && left)
    return { ...verdict, kind: 'untouched', outcome: 'ignored', leaving: true };
  const isOwn = left || metadata.instance === instanceId;
  if (reason === 'INSTANCE_LOST' && isOwn) return { ...verdict, kind: 'transient', outcome: 'failure' };
  if (reason === 'OVERLOADED') {
    const { agent = agentId, instance = instanceId } = metadata;
    if (agent !== agentId || instance !== instanceId) return verdict;
    return {
      ...verdict,
      kind: 'untouched',
      outcome: 'ignored',
      overloaded: true,
      pushBackMs: pushBackMs(error),
    };
  }
  if (reason === 'TASK_TIMED_OUT') return { ...verdict, outcome: 'failure', timedOut: true };
  return OF_THE_CALLER.has(reason) ? { ...verdict, outcome: 'ignored' } : verdict;
}

function pushBackMs(error: RpcError): number {
  const delay = error.detail(RetryInfoSchema)?.retryDelay;
  return delay ? durationToMs(delay) : 0;
}
