import type { Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../../gen/google/rpc/error_details_pb.js';
import { TROUPE_DOMAIN } from '../../protocol/reason.ts';
import { Code, codeName } from '../../rpc/code.ts';
import { type RpcError, unpackDetail } from '../../rpc/rpc-error.ts';
import { formatDuration } from '../input/duration.ts';
import { printable } from './printable.ts';
import type { Printer } from './printer.ts';

/**
 * An error as people read it: what went wrong and its code and reasons, each violation on a line of its own, and what
 * to do next where that is known; `unanswered` where nobody answers.
 */
export function errorText(error: RpcError, printer: Printer, unanswered = START_A_MESH): string {
  // A step's failure is followed by its cause's, and an agent's own stand beside the mesh's.
  const infos = detailsOf(error, ErrorInfoSchema);
  const reasons = infos.map(({ reason, domain }) =>
    domain === TROUPE_DOMAIN ? reason : `${reason} of ${domain}`,
  );
  const code = printer.paint('dim', `(${printable([codeName(error.code), ...reasons].join(' / '))})`);
  const [first = '', ...more] = printable(textOf(error)).split('\n');
  const next = nextStep(error, infos, unanswered);
  return [
    `${printer.paint(['red', 'bold'], 'error:')} ${first} ${code}`,
    ...more.map((line) => `  ${line}`),
    ...violations(error).map((line) => `  ${printable(line)}`),
    ...(next === undefined ? [] : [`  ${printer.paint('cyan', 'next:')} ${printable(next)}`]),
  ].join('\n');
}

/** The details of a type. */
function detailsOf<T extends Message>({ details }: RpcError, schema: GenMessage<T>): T[] {
  return details.flatMap((detail) => unpackDetail(detail, schema) ?? []);
}

function violations(error: RpcError): string[] {
  return detailsOf(error, BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations)
    .filter(({ field, description }) => !says(error.message, field, description))
    .map(({ field, description }) => (field === '' ? description : `${field}: ${description}`));
}

/** Whether a text says already what a violation would repeat: the same of that field, or the same sentence. */
function says(message: string, field: string, description: string): boolean {
  return (
    message.includes(`${field} ${description}`) || (isSentence(description) && message.includes(description))
  );
}

function isSentence(text: string): boolean {
  return /^\p{Lu}.*\.$/su.test(text);
}

/** The text of an error; where grpc-js says that the time ran out, without the times of its own parts. */
function textOf({ code, message }: RpcError): string {
  return code === Code.DEADLINE_EXCEEDED
    ? message.replace(/^Deadline exceeded after .*$/s, 'The time ran out.')
    : message;
}

const START_A_MESH = '"troupe up" starts a mesh here; --orchestrator HOST:PORT asks another.';
const MORE_TIME = 'Give it more time: --timeout 2m.';

/** What to do about each reason, with what the error knows of where it was. */
const NEXT: Readonly<
  Record<string, (where: Readonly<Record<string, string>>, unanswered: string) => string>
> = {
  AGENT_NOT_FOUND: () => '"troupe agents" lists who is there.',
  CAPABILITY_NOT_FOUND: () => '"troupe agents" lists who is there, and what they can do.',
  NO_LIVE_INSTANCE: ({ agent, capability }, unanswered) =>
    agent || capability ? '"troupe health" tells how the agents are; then try again.' : unanswered,
  INSTANCE_LOST: () => 'Work may have been done: try again only if doing it twice is harmless.',
  MESSAGE_EXPIRED: () => MORE_TIME,
  TASK_TIMED_OUT: () => MORE_TIME,
  INVALID_PAYLOAD: ({ agent, capability }) =>
    agent
      ? `"troupe describe ${agent}" shows what it takes.`
      : `"troupe describe AGENT" shows what ${capability ?? 'a capability'} takes.`,
  REVISION_CONFLICT: () =>
    'Read the entry again ("troupe state get KEY -o json"), then retry from its revision.',
  REVISION_COMPACTED: () =>
    '"troupe state ls -o json" tells the entries with their revisions: watch from the latest.',
};

function nextStep(error: RpcError, infos: readonly ErrorInfo[], unanswered: string): string | undefined {
  const retry = detailsOf(error, RetryInfoSchema)[0]?.retryDelay;
  if (retry) return `Try again in ${formatDuration(durationMs(retry))}.`;
  for (const { reason, domain, metadata } of infos) {
    const known = domain === TROUPE_DOMAIN && Object.hasOwn(NEXT, reason) ? NEXT[reason] : undefined;
    if (known) return known(metadata, unanswered);
  }
  if (error.code === Code.DEADLINE_EXCEEDED) return MORE_TIME;
  if (error.code === Code.UNAVAILABLE && infos.length === 0) return unanswered;
  return undefined;
}
