import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { ServingStatus } from '../rpc/health.ts';
import type { RpcError } from '../rpc/rpc-error.ts';
import type { Answer } from './answer.ts';

/**
 * What was seen while an agent drained. It does so once, so all checks of it read this one record. Each part
 * fails where it was not seen; those of a link are only there where one is served, and `health` where health
 * is.
 */
export interface DrainRecord {
  /** What became of a task that was in flight on Handle. */
  readonly handled: Promise<Answer>;
  /** What a task got that came on Handle after the signal. */
  readonly refused: Promise<Answer>;
  /** The statuses that the watcher of its health was told. */
  readonly health: Promise<readonly ServingStatus[]> | undefined;
  /** What was seen on a link. */
  readonly link: LinkDrain | undefined;
  /** How the process ended. */
  readonly exited: Promise<string>;
}

/** What was seen on a link while its server drained. */
export interface LinkDrain {
  /** The HEARTBEAT that told of it. */
  readonly heartbeat: Promise<AgentMessage>;
  /** What became of a task that was in flight; nothing of an agent that works on one task at a time. */
  readonly finished: Promise<Answer> | undefined;
  /** What a task got that crossed the HEARTBEAT. */
  readonly crossed: Promise<Answer>;
  /** How the link ended. */
  readonly ended: Promise<RpcError | undefined>;
}
