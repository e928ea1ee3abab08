import type { Command } from 'commander';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { type MessageRecord, MessageRecordSchema } from '../../../gen/troupe/v1/message_record_pb.js';
import { durationToMs } from '../../protocol/ttl.ts';
import { codeName } from '../../rpc/code.ts';
import type { Act } from '../act.ts';
import { formatDuration } from '../input/duration.ts';
import { countValue } from '../input/option-values.ts';
import { clock } from '../print/clock.ts';
import type { Printer, Style } from '../print/printer.ts';
import { progressText } from '../print/progress-text.ts';
import { readablePayload } from '../print/readable-payload.ts';
import { row } from '../print/table.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

interface TailOptions {
  agent?: string;
  capability?: string;
  correlation?: string;
  last: number;
}

/** `troupe tail`: what goes through. */
export function addTail(program: Command, act: Act): void {
  program
    .command('tail')
    .summary('show messages as they go through')
    .description(
      'Shows what goes through the orchestrator, until Ctrl-C: who asks whom for what, and how it ended.',
    )
    .option('--agent <id>', 'Only messages from or to it.')
    .option('--capability <name>', 'Only messages about it.')
    .option(
      '--correlation <id>',
      'Only messages with that id or correlation id: a task and all that belongs to it.',
    )
    .option('--last <count>', 'Begin with so many of the latest.', countValue(1000), 10)
    .action(
      act(async (session, options: TailOptions) => {
        await tail(session, options);
        return undefined;
      }),
    );
}

async function tail(session: Session, options: TailOptions): Promise<void> {
  const { output } = session;
  const { agent = '', capability = '', correlation = '', last } = options;
  const [{ orchestrator }, call] = await session.reach();
  const filter = { agentId: agent, capability, correlationId: correlation };
  for await (const { record } of orchestrator.watchMessages({ filter, last }, call)) {
    if (!record) continue;
    await output.item({
      json: () => messageToJson(MessageRecordSchema, record),
      text: () => recordRow(output.stdout, record),
    });
  }
}

const STYLES: Readonly<Partial<Record<MessageType, Style>>> = {
  [MessageType.TASK]: 'cyan',
  [MessageType.BROADCAST]: 'magenta',
  [MessageType.RESULT]: 'green',
  [MessageType.ERROR]: 'red',
};

/** How wide the columns usually are: the time, the type, the way, the capability, how long it took. */
const WIDTHS = [12, 9, 24, 16, 8];

function recordRow(printer: Printer, { recordedAt, message, outcome, duration }: MessageRecord): string {
  const {
    type = MessageType.UNSPECIFIED,
    sender = '',
    receiver = '',
    capability = '',
    task = '',
  } = message ?? {};
  const failed = outcome !== undefined && outcome.code !== 0;
  const what = failed ? `${outcome.message} (${codeName(outcome.code)})` : task;
  const payload = message?.payload ? progressText(readablePayload(message.payload), printer.columns) : '';
  return row(
    printer,
    [
      { text: clock(recordedAt), style: 'dim' },
      { text: MessageType[type] ?? String(type), style: STYLES[type] ?? 'dim' },
      `${sender} → ${receiver || '?'}`,
      capability,
      duration ? formatDuration(durationToMs(duration)) : '',
      [what, payload].filter((text) => text !== '').join('  '),
    ],
    WIDTHS,
  );
}
