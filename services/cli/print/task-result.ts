import { AgentMessageSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { TaskEvent, TaskResult } from '../../client/task.ts';
import { receiveAttachments } from '../input/attachments.ts';
import type { Session } from '../session.ts';
import type { Shown } from './output.ts';
import { payloadText } from './payload-text.ts';
import { progressText } from './progress-text.ts';
import { messageToJson } from './to-json.ts';

/** Shows how a task ended: its payload, or as JSON the whole RESULT; its documents go to the folder `out`. */
export async function showResult(session: Session, result: TaskResult, out?: string): Promise<void> {
  await session.output.document(shown(session, result));
  await receive(session, result, out);
}

/** Shows what a task tells: for people its progress beside the data, as JSON each PROGRESS and the RESULT on a line. */
export async function showEvents(
  session: Session,
  events: AsyncIterable<TaskEvent>,
  out?: string,
): Promise<void> {
  const { output } = session;
  for await (const event of events) {
    if (event.type === 'result') {
      await output.item(shown(session, event));
      await receive(session, event, out);
    } else if (output.format === 'text') {
      await output.note(progressText(event.payload, output.stderr.columns));
    } else {
      const { sequence, payload } = event;
      const json = { type: 'MESSAGE_TYPE_PROGRESS', sequence, payload };
      await output.stdout.line(JSON.stringify(json));
    }
  }
}

function shown({ output }: Session, { payload, message }: TaskResult): Shown {
  return {
    json: () => messageToJson(AgentMessageSchema, message),
    text: () => payloadText(payload, output.stdout),
  };
}

function receive({ output, terminal }: Session, { attachments }: TaskResult, out?: string): Promise<void> {
  return receiveAttachments(attachments, { out, cwd: terminal.cwd }, output);
}
