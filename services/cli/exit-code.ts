import { Code } from '../rpc/code.ts';
import type { RpcError } from '../rpc/rpc-error.ts';

/** How a command ends, for scripts. */
export const ExitCode = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  NOT_FOUND: 3,
  UNAVAILABLE: 4,
  DEADLINE: 5,
  INVALID: 6,
  CONFLICT: 7,
  OVERLOADED: 8,
  CANCELLED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What each says, as the help shows it. */
export const EXIT_CODE_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'the task failed, or the agent did; or what came of it could not be written',
  2: 'the command line is wrong: an unknown command or option, a value that is none',
  3: 'not found: the agent, the capability, the key, the file',
  4: 'unavailable: nobody answers, or an agent is OFFLINE',
  5: 'the time ran out',
  6: 'what was given is invalid: JSON, a payload against its schema, a pipeline, a file',
  7: 'conflict: the entry is not at that revision',
  8: 'overloaded, or too large',
  130: 'cancelled, as by Ctrl-C',
};

const OF_CODES: Readonly<Partial<Record<Code, ExitCode>>> = {
  [Code.OK]: ExitCode.OK,
  [Code.CANCELLED]: ExitCode.CANCELLED,
  [Code.INVALID_ARGUMENT]: ExitCode.INVALID,
  [Code.DEADLINE_EXCEEDED]: ExitCode.DEADLINE,
  [Code.NOT_FOUND]: ExitCode.NOT_FOUND,
  [Code.ABORTED]: ExitCode.CONFLICT,
  [Code.OUT_OF_RANGE]: ExitCode.INVALID,
  [Code.RESOURCE_EXHAUSTED]: ExitCode.OVERLOADED,
  [Code.UNAVAILABLE]: ExitCode.UNAVAILABLE,
};

/** How a command ends that failed so. */
export function exitCodeOf(error: RpcError): ExitCode {
  return OF_CODES[error.code] ?? ExitCode.FAILED;
}
