import { Code } from './code.ts';
import { RpcError } from './rpc-error.ts';

/** How long a process that is asked to leave lets what is in flight finish, in milliseconds. */
const USUAL_MS = 10_000;
/** The longest, in milliseconds: as long as a task may live. */
const MAX_MS = 3_600_000;

/**
 * How long a process may drain, in milliseconds: TROUPE_DRAIN_MS, a whole number from 0 to 3,600,000; 10,000 where it is
 * empty or unset. INVALID_ARGUMENT where it is anything else.
 */
export function drainTimeOf(env: Readonly<Record<string, string | undefined>>): number {
  const text = env.TROUPE_DRAIN_MS || String(USUAL_MS);
  const ms = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (ms <= MAX_MS) return ms;
  const named = `"${text.slice(0, 100).toWellFormed()}"`;
  throw new RpcError(
    Code.INVALID_ARGUMENT,
    `TROUPE_DRAIN_MS is ${named}: it must be a whole number of milliseconds from 0 to ${MAX_MS}.`,
  );
}
