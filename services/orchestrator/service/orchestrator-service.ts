import type { OrchestratorService } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Handlers } from '../../rpc/handlers.ts';
import { messageHandlers } from './message-handlers.ts';
import { type RosterParts, rosterHandlers } from './roster-handlers.ts';
import { type TaskParts, taskHandlers } from './task-handlers.ts';

/** OrchestratorService, whole: who is there, work for them, and what went through. */
export function orchestratorHandlers(parts: RosterParts & TaskParts): Handlers<typeof OrchestratorService> {
  return { ...rosterHandlers(parts), ...taskHandlers(parts), ...messageHandlers(parts.messages) };
}
