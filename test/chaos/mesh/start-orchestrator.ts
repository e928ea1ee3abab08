import { ORCHESTRATOR_FLAGS } from '../../../services/cli/mesh/orchestrator-flags.ts';
import type { OrchestratorOptions } from '../../../services/orchestrator/config.ts';
import type { Child } from '../../processes/child.ts';
import type { Stage } from '../../processes/stage.ts';

/** Starts an orchestrator with what Node is told for one wherever it is started; `flags`: what it is told beside that. */
export function startOrchestrator(
  stage: Stage,
  options: OrchestratorOptions = {},
  flags: readonly string[] = [],
): Promise<Child> {
  return stage.start('mesh/orchestrator-role.ts', options, [...ORCHESTRATOR_FLAGS, ...flags]);
}
