import type { Command } from 'commander';
import { ExplainRouteResponseSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { NotChosenReason, type RouteCandidate } from '../../../gen/troupe/v1/route_pb.js';
import { routingOf } from '../../client/task.ts';
import type { Act } from '../act.ts';
import { formatDuration } from '../input/duration.ts';
import { addRouteOptions, type RoutingFlags, readRouting } from '../input/routing-options.ts';
import { statusCell } from '../print/status-cell.ts';
import { type Cell, table } from '../print/table.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

interface ExplainFlags extends Omit<RoutingFlags, 'hedge'> {
  receiver?: string;
}

/** `troupe explain`: where a task would go, and why nowhere else. */
export function addExplain(program: Command, act: Act): void {
  addRouteOptions(program.command('explain <capability>'))
    .summary('show where a task would go, and why')
    .description(
      'Shows every instance that has the capability, what one more task on it costs, and why a task sent now would go there or not. Nothing is sent.',
    )
    .option('--receiver <agent>', 'Of a task for that agent. Without it: for any that has the capability.')
    .action(
      act(async (session, capability: string, flags: ExplainFlags) => {
        await explain(session, capability, flags);
        return undefined;
      }),
    );
}

async function explain(
  session: Session,
  capability: string,
  { receiver = '', ...flags }: ExplainFlags,
): Promise<void> {
  const { output } = session;
  const [{ orchestrator }, call] = await session.reach();
  const routing = routingOf(readRouting(flags));
  const request = { capability, receiver, ...(routing && { routing }) };
  const response = await orchestrator.explainRoute(request, call);
  const { candidates, waiting } = response;
  await output.document({
    json: () => messageToJson(ExplainRouteResponseSchema, response),
    text: () => table(output.stdout, HEAD, candidates.map(cellsOf)),
  });
  if (!candidates.some(({ chosen }) => chosen)) await output.note(nowhere(candidates));
  if (waiting > 0) await output.note(`Waiting for room: ${waiting}.`);
}

const HEAD = [
  'AGENT',
  'INSTANCE',
  'ADDRESS',
  'STATUS',
  'SCORE',
  'LATENCY',
  'IN FLIGHT',
  'FAILED %',
  'CHOICE',
];

function cellsOf(candidate: RouteCandidate): Cell[] {
  const { agentId, instanceId, address, status, scoreMs, latencyMs, inFlight, limit, failureShare } =
    candidate;
  return [
    { text: agentId, style: 'bold' },
    instanceId,
    address,
    statusCell(status),
    formatDuration(scoreMs),
    formatDuration(latencyMs),
    `${inFlight}/${limit}`,
    String(Math.round(failureShare * 100)),
    choiceCell(candidate),
  ];
}

/** Whether it was chosen, else why not; a reason that this revision does not know as its number. */
function choiceCell({ chosen, notChosen }: RouteCandidate): Cell {
  if (chosen) return { text: 'CHOSEN', style: 'green' };
  return { text: NotChosenReason[notChosen] ?? String(notChosen), style: 'dim' };
}

function nowhere(candidates: readonly RouteCandidate[]): string {
  const hasRoomLater = candidates.some(({ notChosen }) => notChosen === NotChosenReason.AT_CAPACITY);
  return hasRoomLater ? 'It would wait until one of them has room.' : 'None of them takes it.';
}
