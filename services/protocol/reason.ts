import { type Any, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../gen/google/rpc/error_details_pb.js';
import type { ErrorReason } from '../../gen/troupe/v1/error_reason_pb.js';
import { Code } from '../rpc/code.ts';
import { packDetail, RpcError, unpackDetail } from '../rpc/rpc-error.ts';
import { shortText } from '../rpc/short-text.ts';
import { MAX_STATUS_DETAILS, MAX_STATUS_TEXT } from '../rpc/status-details.ts';

/** Why something failed: the name of an `ErrorReason` without its prefix. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** The domain of the mesh's own ErrorInfos; an agent's own have another. */
export const TROUPE_DOMAIN = 'troupe';

/** When to come back after OVERLOADED if the one who says so does not know better: about one short task. */
const OVERLOADED_RETRY_MS = 100;

/** The most bytes of one text within a detail: twice the longest id. */
const MAX_DETAIL_TEXT_BYTES = 256;

/** Room for the type of a BadRequest and for "and N more". */
const FRAME_BYTES = 128;

const CODES: Readonly<Record<Reason, Code>> = {
  AGENT_NOT_FOUND: Code.NOT_FOUND,
  CAPABILITY_NOT_FOUND: Code.NOT_FOUND,
  NO_LIVE_INSTANCE: Code.UNAVAILABLE,
  INSTANCE_LOST: Code.UNAVAILABLE,
  DRAINING: Code.UNAVAILABLE,
  MESSAGE_EXPIRED: Code.DEADLINE_EXCEEDED,
  TASK_TIMED_OUT: Code.DEADLINE_EXCEEDED,
  TASK_CANCELLED: Code.CANCELLED,
  INVALID_MESSAGE: Code.INVALID_ARGUMENT,
  INVALID_PAYLOAD: Code.INVALID_ARGUMENT,
  INVALID_PIPELINE: Code.INVALID_ARGUMENT,
  DUPLICATE_ID: Code.ALREADY_EXISTS,
  HANDLER_FAILED: Code.UNKNOWN,
  STEP_FAILED: Code.UNKNOWN,
  OVERLOADED: Code.RESOURCE_EXHAUSTED,
  MESSAGE_TOO_LARGE: Code.RESOURCE_EXHAUSTED,
  SLOW_READER: Code.RESOURCE_EXHAUSTED,
  REVISION_CONFLICT: Code.ABORTED,
  REVISION_COMPACTED: Code.OUT_OF_RANGE,
  HOP_LIMIT: Code.FAILED_PRECONDITION,
  NO_ORCHESTRATOR: Code.FAILED_PRECONDITION,
  CARD_MISMATCH: Code.FAILED_PRECONDITION,
  UNKNOWN_MESSAGE_TYPE: Code.UNIMPLEMENTED,
};

/** One thing that is wrong with a message or request. */
export interface Violation {
  /** Where: a path such as `payload.items[2].name`. */
  field: string;
  /** What is wrong, and what would be right. */
  description: string;
}

/** What is known of a failure beside its reason and text. */
export interface TroupeErrorOptions {
  /** The agent it is about. */
  agent?: string;
  /** The instance it is about. */
  instance?: string;
  /** The capability it is about. */
  capability?: string;
  /** The step of a pipeline that failed. */
  step?: string;
  /** What is wrong, field by field. As many as fit go into the error, the rest as "and N more". */
  violations?: readonly Violation[];
  /** When to try again, in milliseconds. Default: 100 with OVERLOADED, else nothing is said. */
  retryAfterMs?: number;
  /** What caused it. The details of an RpcError follow those of a STEP_FAILED; the wire cuts what does not fit. */
  cause?: unknown;
  /** The code of a STEP_FAILED. Default: the code of `cause`. Every other reason has a code of its own. */
  code?: Code;
}

/**
 * The error that says `reason`, with the code that the contract gives it, a text of at most 512 bytes, and an
 * ErrorInfo, RetryInfo and BadRequest of at most 4 KiB together. The limit of the text counts bytes, so that it stays
 * near the contract's 512 characters once they are percent-encoded on the wire.
 */
export function troupeError(reason: Reason, message: string, options: TroupeErrorOptions = {}): RpcError {
  const { cause, violations } = options;
  const details = [errorInfo(reason, options)];
  const retryAfterMs = options.retryAfterMs ?? (reason === 'OVERLOADED' ? OVERLOADED_RETRY_MS : undefined);
  if (retryAfterMs !== undefined) {
    details.push(packDetail(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }));
  }
  if (violations?.length) details.push(badRequest(violations, MAX_STATUS_DETAILS - sizeOf(details)));
  const step = reason === 'STEP_FAILED' ? RpcError.from(cause) : undefined;
  return new RpcError(
    step ? (options.code ?? step.code) : CODES[reason],
    shortText(message, MAX_STATUS_TEXT),
    step ? [...details, ...step.details] : details,
    cause === undefined ? undefined : { cause },
  );
}

/** The mesh's own ErrorInfo in an error; nothing if the error is not one of the mesh. */
export function errorInfoOf(error: RpcError): ErrorInfo | undefined {
  for (const detail of error.details) {
    const info = unpackDetail(detail, ErrorInfoSchema);
    if (info?.domain === TROUPE_DOMAIN) return info;
  }
  return undefined;
}

/** The reason in an error; nothing if it has none of the mesh's. It may be one that this revision does not know. */
export function reasonOf(error: RpcError): string | undefined {
  return errorInfoOf(error)?.reason;
}

function errorInfo(reason: Reason, options: TroupeErrorOptions): Any {
  const metadata: Record<string, string> = {};
  for (const key of ['agent', 'instance', 'capability', 'step'] as const) {
    if (options[key]) metadata[key] = shortText(options[key], MAX_DETAIL_TEXT_BYTES);
  }
  return packDetail(ErrorInfoSchema, { reason, domain: TROUPE_DOMAIN, metadata });
}

function badRequest(violations: readonly Violation[], maxBytes: number): Any {
  const said: Violation[] = [];
  let room = maxBytes - FRAME_BYTES;
  for (const violation of violations) {
    const field = shortText(violation.field, MAX_DETAIL_TEXT_BYTES);
    const description = shortText(violation.description, MAX_DETAIL_TEXT_BYTES);
    // Two texts and the violation around them: a tag and a length of at most three bytes each.
    room -= Buffer.byteLength(field) + Buffer.byteLength(description) + 9;
    if (room < 0) break;
    said.push({ field, description });
  }
  const left = violations.length - said.length;
  if (left > 0) said.push({ field: '', description: `and ${left} more` });
  return packDetail(BadRequestSchema, { fieldViolations: said });
}

/** The size of details as `bounded` counts it. */
function sizeOf(details: readonly Any[]): number {
  return details.reduce((sum, { typeUrl, value }) => sum + typeUrl.length + value.length + 8, 0);
}
