import type { Session } from '../session.ts';

/** Tells people that the roster is empty, and how an agent gets onto it. */
export function noAgents({ output, orchestrator }: Session): Promise<void> {
  return output.note(`No agents. One joins that is started with TROUPE_ORCHESTRATORS=${orchestrator}.`);
}
