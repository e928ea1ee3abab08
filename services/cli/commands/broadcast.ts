import type { Command } from 'commander';
import {
  type BroadcastResponse,
  BroadcastResponseSchema,
} from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { codeName } from '../../rpc/code.ts';
import type { Act } from '../act.ts';
import { ExitCode } from '../exit-code.ts';
import { labelValue } from '../input/option-values.ts';
import { addRequestOptions, type RequestOptions, readRequest } from '../input/task-request.ts';
import { progressText } from '../print/progress-text.ts';
import { readablePayload } from '../print/readable-payload.ts';
import { type Cell, row } from '../print/table.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

interface BroadcastOptions extends RequestOptions {
  capability?: string;
  label?: Record<string, string>;
}

/** How wide an agent's name, an instance's id and an outcome usually are. */
const WIDTHS = [16, 36, 12];

/** `troupe broadcast`: news for every agent. */
export function addBroadcast(program: Command, act: Act): void {
  addRequestOptions(program.command('broadcast'))
    .summary('send news to every agent')
    .description(
      'Sends news to every live instance, and shows what became of each. Exit code 1 where one of them failed.',
    )
    .option('--capability <name>', 'Only instances that have it.')
    .option('--label <key=value>', 'Only instances that have it. May stand several times.', labelValue)
    .action(act(broadcast));
}

async function broadcast(
  session: Session,
  { capability, label: labels, ...options }: BroadcastOptions,
): Promise<ExitCode> {
  const { output, troupe } = session;
  const [payload, message] = await readRequest(options, session);
  const filter = { ...(capability !== undefined && { capability }), ...(labels && { labels }) };
  let recipients = 0;
  let failed = 0;
  for await (const response of troupe.broadcast(payload, { ...message, ...filter })) {
    recipients += 1;
    if (isFailure(response)) failed += 1;
    await output.item({
      json: () => messageToJson(BroadcastResponseSchema, response),
      text: () => row(output.stdout, cells(response), WIDTHS),
    });
  }
  if (recipients === 0) await output.note('Nobody was there to take it.');
  return failed === 0 ? ExitCode.OK : ExitCode.FAILED;
}

function isFailure({ outcome }: BroadcastResponse): boolean {
  return outcome.case === 'error' || (outcome.case === 'reply' && outcome.value.error !== undefined);
}

function cells({ agentId, instanceId, outcome }: BroadcastResponse): Cell[] {
  const who = [agentId, { text: instanceId, style: 'dim' as const }];
  if (outcome.case === 'acknowledgement') return [...who, { text: 'acknowledged', style: 'green' }];
  const error = outcome.case === 'reply' ? outcome.value.error : outcome.value;
  if (error) return [...who, { text: 'failed', style: 'red' }, `${error.message} (${codeName(error.code)})`];
  const payload = outcome.case === 'reply' ? outcome.value.payload : undefined;
  return [...who, { text: 'replied', style: 'green' }, progressText(readablePayload(payload), 1000)];
}
