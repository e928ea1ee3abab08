import type { Command } from 'commander';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { CheckHealthResponseSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Act } from '../act.ts';
import { ExitCode } from '../exit-code.ts';
import { noAgents } from '../print/no-agents.ts';
import { statusCell } from '../print/status-cell.ts';
import { table } from '../print/table.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

/** `troupe health`: how the agents are. */
export function addHealth(program: Command, act: Act): void {
  program
    .command('health [agent]')
    .summary('ask every agent how it is')
    .description(
      'Sends every agent, or one, a heartbeat and shows its status. Exit code 4 where one is OFFLINE.',
    )
    .action(act(health));
}

async function health(session: Session, agentId = ''): Promise<ExitCode> {
  const { output } = session;
  const [{ orchestrator }, call] = await session.reach();
  const response = await orchestrator.checkHealth({ agentId }, call);
  const agents = Object.entries(response.agents).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = agents.map(([id, status]) => [id, statusCell(status)]);
  await output.document({
    json: () => messageToJson(CheckHealthResponseSchema, response),
    text: () => (rows.length === 0 ? '' : table(output.stdout, ['AGENT', 'STATUS'], rows)),
  });
  if (rows.length === 0) await noAgents(session);
  return agents.some(([, status]) => status === AgentStatus.OFFLINE) ? ExitCode.UNAVAILABLE : ExitCode.OK;
}
