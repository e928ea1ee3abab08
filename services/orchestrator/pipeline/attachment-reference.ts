import type { Attachment } from '../../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../protocol/reason.ts';

/** Attachments that a step passes on: all of the pipeline's input or of an earlier step, or one of them. */
export interface AttachmentReference {
  /** `input`, or the name of the step whose RESULT has them. */
  readonly source: string;
  /** The name of the one; absent: all. */
  readonly name?: string;
}

/** Reads `input`, `step`, `input/NAME` or `step/NAME`. A NAME may hold slashes. */
export function parseAttachmentReference(text: string): AttachmentReference {
  const slash = text.indexOf('/');
  return slash === -1 ? { source: text } : { source: text.slice(0, slash), name: text.slice(slash + 1) };
}

/**
 * The attachments that `references` name, each once, out of those of each source. INVALID_PIPELINE where one is
 * missing, or where two different ones have the same name, which within a message must be unique.
 */
export function selectAttachments(
  references: readonly AttachmentReference[],
  sources: ReadonlyMap<string, readonly Attachment[]>,
): Attachment[] {
  const selected = new Map<string, Attachment>();
  for (const reference of references) {
    for (const attachment of referred(reference, sources.get(reference.source) ?? [])) {
      const other = selected.get(attachment.name);
      if (other !== undefined && other !== attachment) {
        throw troupeError(
          'INVALID_PIPELINE',
          `Two different attachments are called ${attachment.name}: pass on one of them, as "step/NAME".`,
        );
      }
      selected.set(attachment.name, attachment);
    }
  }
  return [...selected.values()];
}

function referred(
  { source, name }: AttachmentReference,
  attachments: readonly Attachment[],
): readonly Attachment[] {
  if (name === undefined) return attachments;
  const found = attachments.filter((attachment) => attachment.name === name);
  if (found.length > 0) return found;
  throw troupeError('INVALID_PIPELINE', `${source} has no attachment ${name}: ${namesOf(attachments)}.`);
}

/** What there is instead, for people. */
export function namesOf(attachments: readonly Attachment[]): string {
  if (attachments.length === 0) return 'it has none';
  return `it has ${attachments.map(({ name }) => name).join(', ')}`;
}
