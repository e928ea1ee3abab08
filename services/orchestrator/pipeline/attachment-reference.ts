import type { Attachment } from '../../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { shortText } from '../../rpc/short-text.ts';

/** How many names `namesOf` tells, and how many bytes of each. */
const NAMES_TOLD = 10;
const NAME_BYTES = 64;

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
 * missing, or where two different ones have the same name, which within a message must be unique. Each source is gone
 * through once, however often it is referred to.
 */
export function selectAttachments(
  references: readonly AttachmentReference[],
  sources: ReadonlyMap<string, readonly Attachment[]>,
): Attachment[] {
  const selected = new Map<string, Attachment>();
  const select = (attachment: Attachment) => {
    const other = selected.get(attachment.name);
    if (other !== undefined && other !== attachment) {
      throw troupeError(
        'INVALID_PIPELINE',
        `Two different attachments are called ${attachment.name}: pass on one of them, as "step/NAME".`,
      );
    }
    selected.set(attachment.name, attachment);
  };
  const whole = new Set<string>();
  const byName = new Map<string, Map<string, Attachment[]>>();
  for (const { source, name } of references) {
    const attachments = sources.get(source) ?? [];
    if (name === undefined) {
      if (!whole.has(source)) attachments.forEach(select);
      whole.add(source);
      continue;
    }
    const named = byName.get(source) ?? groupByName(attachments);
    byName.set(source, named);
    const found = named.get(name);
    if (!found) {
      throw troupeError('INVALID_PIPELINE', `${source} has no attachment ${name}: ${namesOf(attachments)}.`);
    }
    found.forEach(select);
  }
  return [...selected.values()];
}

function groupByName(attachments: readonly Attachment[]): Map<string, Attachment[]> {
  const named = new Map<string, Attachment[]>();
  for (const attachment of attachments) {
    const same = named.get(attachment.name);
    if (same) same.push(attachment);
    else named.set(attachment.name, [attachment]);
  }
  return named;
}

/** What there is instead, for people: the first ten names. */
export function namesOf(attachments: readonly Attachment[]): string {
  if (attachments.length === 0) return 'it has none';
  const names = attachments.slice(0, NAMES_TOLD).map(({ name }) => shortText(name, NAME_BYTES));
  const more = attachments.length - names.length;
  return `it has ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
