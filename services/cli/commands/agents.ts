import { type Command, Option } from 'commander';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import {
  type Agent,
  AgentSchema,
  type RosterEvent,
  RosterEventSchema,
  RosterEventType,
} from '../../../gen/troupe/v1/roster_pb.js';
import type { Act } from '../act.ts';
import { labelValue } from '../input/option-values.ts';
import { noAgents } from '../print/no-agents.ts';
import type { Printer, Style } from '../print/printer.ts';
import { statusCell } from '../print/status-cell.ts';
import { type Cell, row, table } from '../print/table.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

interface AgentsOptions {
  watch?: boolean;
  capability?: string;
  status?: keyof typeof AgentStatus;
  label?: Record<string, string>;
}

/** `troupe agents`: who is there. */
export function addAgents(program: Command, act: Act): void {
  program
    .command('agents')
    .summary('list the agents')
    .description('Lists the agents on the roster; with --watch tells each change of it.')
    .option('-w, --watch', 'Tell each change, until Ctrl-C.')
    .option('--capability <name>', 'Only agents that have it.')
    .option(
      '--label <key=value>',
      'Only agents with an instance that has it. May stand several times.',
      labelValue,
    )
    .addOption(
      new Option('--status <status>', 'Only agents of this status.')
        .choices(['IDLE', 'BUSY', 'ERROR', 'DRAINING', 'OFFLINE'])
        .conflicts('watch'),
    )
    .action(
      act(async (session, options: AgentsOptions) => {
        await (options.watch ? watch(session, options) : list(session, options));
        return undefined;
      }),
    );
}

async function list(session: Session, options: AgentsOptions): Promise<void> {
  const { output } = session;
  const [{ orchestrator }, call] = await session.reach();
  const filter = { ...filterOf(options), status: AgentStatus[options.status ?? 'UNSPECIFIED'] };
  const agents: Agent[] = [];
  let pageToken = '';
  do {
    const page = await orchestrator.listAgents({ ...filter, pageToken }, call);
    agents.push(...page.agents);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  await output.document({
    json: () => agents.map((agent) => messageToJson(AgentSchema, agent)),
    text: () => (agents.length === 0 ? '' : table(output.stdout, HEAD, agents.map(cellsOf))),
  });
  if (agents.length === 0) await noAgents(session);
}

const HEAD = ['AGENT', 'STATUS', 'INSTANCES', 'CAPABILITIES'];

function cellsOf({ id, status, instances, capabilities }: Agent): Cell[] {
  return [{ text: id, style: 'bold' }, statusCell(status), String(instances.length), capabilities.join(', ')];
}

async function watch(session: Session, options: AgentsOptions): Promise<void> {
  const { output } = session;
  const [{ orchestrator }, call] = await session.reach();
  for await (const { event } of orchestrator.watchAgents(filterOf(options), call)) {
    if (!event) continue;
    // People see that the roster has been told by its ending.
    if (output.format === 'text' && event.type === RosterEventType.SYNCED) continue;
    await output.item({
      json: () => messageToJson(RosterEventSchema, event),
      text: () => eventRow(output.stdout, event),
    });
  }
}

const EVENT_STYLES: Readonly<Partial<Record<RosterEventType, Style>>> = {
  [RosterEventType.PRESENT]: 'dim',
  [RosterEventType.ADDED]: 'green',
  [RosterEventType.CHANGED]: 'cyan',
  [RosterEventType.REMOVED]: 'red',
};

/** How wide the columns of events usually are: the event, the agent, its status, its instances. */
const EVENT_WIDTHS = [7, 16, 8, 11];

function eventRow(printer: Printer, { type, agent }: RosterEvent): string {
  const event = { text: RosterEventType[type] ?? String(type), style: EVENT_STYLES[type] ?? 'dim' };
  if (!agent) return row(printer, [event], EVENT_WIDTHS);
  const [id = '', status = '', count = '', capabilities = ''] = cellsOf(agent);
  const instances = `${count} instance${count === '1' ? '' : 's'}`;
  return row(printer, [event, id, status, instances, capabilities], EVENT_WIDTHS);
}

function filterOf({ capability = '', label: labels = {} }: AgentsOptions) {
  return { capability, labels };
}
