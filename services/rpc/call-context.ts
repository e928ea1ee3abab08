import type { Deadline } from './deadline.ts';
import type { Logger } from './log.ts';

/** What a handler knows of the call that it answers, whichever door the call came through. */
export interface CallContext {
  /** The full name of the method: `troupe.v1.AgentService/Handle`. */
  readonly method: string;
  /**
   * Aborted when the caller cancels or goes away, when the deadline passes, or when the server stops. Its
   * reason is an RpcError (CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE).
   */
  readonly signal: AbortSignal;
  /** When the answer must be there; `Deadline.never` where the caller set none. */
  readonly deadline: Deadline;
  /** Aborted when the server begins to drain: what is open without end, such as a watch, ends itself then. */
  readonly draining: AbortSignal;
  /** The caller's address, `host:port`. */
  readonly peer: string;
  /** The caller's metadata, without binary entries. */
  readonly headers: Headers;
  /** A logger whose lines carry the method and peer. */
  readonly log: Logger;
}
