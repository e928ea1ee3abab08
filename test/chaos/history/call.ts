import { errorInfoOf } from '../../../services/protocol/reason.ts';
import { Code, codeName } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

/** How a call ended. `unknown`: its time ran out, so that its work may have been done. */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** A call as its caller saw it. Times are moments of the machine's monotonic clock. */
export interface Call {
  /** Its number among those of its load, from 0. */
  n: number;
  /** When it was made, in milliseconds. */
  start: number;
  /** When it had ended, in milliseconds. */
  end: number;
  outcome: Outcome;
  /** The name of the status code; empty where it went well. */
  code: string;
  /** The reason from the closed list; empty where there is none. */
  reason: string;
  /** The instance that answered it, or that its failure is about; empty where that is not known. */
  instance: string;
  /** At which attempt, from 1; 0 where that is not known. */
  attempt: number;
  /** What its failure said; empty where it went well. */
  text: string;
}

/** What an agent of the suite answers: who it is. */
export interface Answer {
  n: number;
  instance: string;
}

/** How a call that failed ended. */
export function failureOf(thrown: unknown): Pick<Call, 'outcome' | 'code' | 'reason' | 'instance' | 'text'> {
  const error = RpcError.from(thrown);
  const info = errorInfoOf(error);
  return {
    outcome: error.code === Code.DEADLINE_EXCEEDED ? 'unknown' : 'failed',
    code: codeName(error.code),
    reason: info?.reason ?? '',
    instance: info?.metadata.instance ?? '',
    text: error.message,
  };
}
