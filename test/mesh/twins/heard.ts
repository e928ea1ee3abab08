import type { Attachment } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { JsonValue } from '../../../services/agent/index.ts';
import type { RpcError } from '../../../services/rpc/rpc-error.ts';
import { describeFailure } from '../../orchestrator/test-mesh.ts';

/** What a caller hears of a task, in a form that can be held against another's: nothing of it is this way's own. */
export type Heard =
  | { progress: JsonValue; sequence: number }
  | { result: JsonValue; attachments: string[]; agent: string; attempt: number }
  | { failed: string; text: string; details: string[] };

/** A PROGRESS. */
export function heardProgress(sequence: number, progress: JsonValue): Heard {
  return { progress, sequence };
}

/** A RESULT. */
export function heardResult(
  result: JsonValue,
  { attachments, agent, attempt }: { attachments: readonly Attachment[]; agent: string; attempt: number },
): Heard {
  return { result, attachments: attachments.map(inWords), agent: sameAgent(agent), attempt };
}

/** An ERROR, or a status. */
export function heardError(error: RpcError): Heard {
  const details = error.details.map(
    ({ typeUrl, value }) => `${typeUrl} ${Buffer.from(value).toString('latin1')}`,
  );
  return { failed: describeFailure(error), text: sameAgent(error.message), details: details.map(sameAgent) };
}

/** Whether it ends the task. */
export function isEnd(heard: Heard): boolean {
  return !('progress' in heard);
}

/** An attachment in words. */
export function inWords({ name, mediaType, content }: Attachment): string {
  return `${name} (${mediaType}): ${content.case} ${Buffer.from(content.value ?? '')}`;
}

/** The two agents of the mesh are told apart by their names, and by the sizes of what holds them. */
function sameAgent(text: string): string {
  return text.replaceAll(/linked|called/g, 'theagt').replace(/has \d+ bytes/, 'has n bytes');
}
