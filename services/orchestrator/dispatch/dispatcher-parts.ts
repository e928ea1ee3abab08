import type { MessageLog } from '../message-log/message-log.ts';
import type { Lanes } from './lanes.ts';
import type { Router } from './route.ts';

/** What a dispatcher works with. */
export interface DispatcherParts {
  router: Router;
  lanes: Lanes;
  messages: MessageLog;
  /** Aborted when the orchestrator begins to drain: nothing new is taken from then on. */
  draining: AbortSignal;
}
