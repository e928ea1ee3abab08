import type { JsonObject } from '@bufbuild/protobuf';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { Capability } from '../../../gen/troupe/v1/agent_card_pb.js';
import { type Agent, AgentSchema, DiscoverySource, type Instance } from '../../../gen/troupe/v1/roster_pb.js';
import { durationToMs } from '../../protocol/ttl.ts';
import type { Act } from '../act.ts';
import { formatDuration } from '../input/duration.ts';
import { clock } from '../print/clock.ts';
import { printable } from '../print/printable.ts';
import type { Printer } from '../print/printer.ts';
import { statusCell } from '../print/status-cell.ts';
import { type Cell, row, table } from '../print/table.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

/** `troupe describe`: what an agent is and can do. */
export function addDescribe(program: Command, act: Act): void {
  program
    .command('describe <agent>')
    .summary('show what an agent is and can do')
    .description("Shows an agent's card, its instances, and its capabilities with their schemas.")
    .action(
      act(async (session, agent: string) => {
        await describe(session, agent);
        return undefined;
      }),
    );
}

async function describe(session: Session, agentId: string): Promise<void> {
  const { output } = session;
  const [{ orchestrator }, call] = await session.reach();
  const agent = (await orchestrator.getAgent({ agentId }, call)).agent!;
  await output.document({
    json: () => messageToJson(AgentSchema, agent),
    text: () => agentText(output.stdout, agent),
  });
}

function agentText(printer: Printer, { id, status, instances }: Agent): string {
  // The newest card speaks for the agent.
  const card = instances.at(-1)?.card;
  const title = row(printer, [{ text: id, style: 'bold' }, statusCell(status)], []);
  const name = card && card.name !== id ? [printable(card.name)] : [];
  const description = card?.description ? [printable(card.description)] : [];
  return [
    [title, ...name, ...description].join('\n'),
    instancesTable(printer, instances),
    ...capabilitiesOf(instances).map((capability) => capabilityText(printer, capability)),
  ].join('\n\n');
}

const INSTANCES_HEAD = [
  'INSTANCE',
  'STATUS',
  'ADDRESS',
  'VERSION',
  'IN FLIGHT',
  'JOINED',
  'LAST SEEN',
  'LABELS',
];

function instancesTable(printer: Printer, instances: readonly Instance[]): string {
  const rows = instances.map(({ instanceId, status, address, card, inFlight, source, lastSeen }): Cell[] => [
    instanceId,
    statusCell(status),
    address,
    card?.version || '-',
    String(inFlight),
    (DiscoverySource[source] ?? String(source)).toLowerCase(),
    clock(lastSeen),
    Object.entries(card?.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
  ]);
  return table(printer, INSTANCES_HEAD, rows);
}

/** Each capability once, as the newest instance that has it describes it. */
function capabilitiesOf(instances: readonly Instance[]): Capability[] {
  const byName = new Map<string, Capability>();
  for (const { card } of instances) {
    for (const capability of card?.capabilities ?? []) byName.set(capability.name, capability);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function capabilityText(printer: Printer, capability: Capability): string {
  const { name, description, idempotent, defaultTtl, tags, inputSchema, outputSchema } = capability;
  const facts = [
    ...(idempotent ? ['idempotent'] : []),
    ...(defaultTtl ? [`within ${formatDuration(durationToMs(defaultTtl))}`] : []),
    ...tags,
  ];
  return [
    row(
      printer,
      [
        { text: name, style: 'bold' },
        { text: facts.join(', '), style: 'dim' },
      ],
      [],
    ),
    ...(description ? [indented(description)] : []),
    ...schemaText(printer, 'input', inputSchema),
    ...schemaText(printer, 'output', outputSchema),
  ].join('\n');
}

/** A schema as YAML: the same, with less around it. */
function schemaText(printer: Printer, name: string, schema: JsonObject | undefined): string[] {
  if (!schema) return [`  ${printer.paint('cyan', `${name}:`)} anything`];
  return [`  ${printer.paint('cyan', `${name}:`)}`, indented(stringify(schema, { lineWidth: 100 }), 4)];
}

function indented(text: string, spaces = 2): string {
  return printable(text.trimEnd()).replace(/^/gm, ' '.repeat(spaces));
}
