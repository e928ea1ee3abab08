import { create, toBinary } from '@bufbuild/protobuf';
import { AnySchema, durationMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { ErrorReasonSchema } from '../../gen/troupe/v1/error_reason_pb.js';
import { errorInfoOf, type Reason, reasonOf, troupeError } from '../../services/protocol/reason.ts';
import { Code } from '../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../services/rpc/rpc-error.ts';
import { bounded } from '../../services/rpc/status-details.ts';

/** "Errors" of the contract, word by word. */
const CONTRACT = `
AGENT_NOT_FOUND, CAPABILITY_NOT_FOUND → NOT_FOUND · NO_LIVE_INSTANCE, INSTANCE_LOST, DRAINING → UNAVAILABLE ·
MESSAGE_EXPIRED, TASK_TIMED_OUT → DEADLINE_EXCEEDED · TASK_CANCELLED → CANCELLED ·
INVALID_MESSAGE, INVALID_PAYLOAD, INVALID_PIPELINE → INVALID_ARGUMENT · DUPLICATE_ID → ALREADY_EXISTS ·
HANDLER_FAILED, STEP_FAILED → UNKNOWN · OVERLOADED, MESSAGE_TOO_LARGE, SLOW_READER → RESOURCE_EXHAUSTED ·
REVISION_CONFLICT → ABORTED · REVISION_COMPACTED → OUT_OF_RANGE ·
HOP_LIMIT, NO_ORCHESTRATOR, CARD_MISMATCH → FAILED_PRECONDITION · UNKNOWN_MESSAGE_TYPE → UNIMPLEMENTED`;

const codes = CONTRACT.split('·').flatMap((row) => {
  const [reasons, code] = row.split('→').map((part) => part.trim());
  return reasons!
    .split(/,\s*/)
    .map((reason) => ({ reason: reason as Reason, code: code as keyof typeof Code }));
});

const inEnum = ErrorReasonSchema.values
  .map((value) => value.localName)
  .filter((name) => name !== 'UNSPECIFIED');

function detailBytes(error: RpcError): number {
  return toBinary(StatusSchema, create(StatusSchema, { details: [...error.details] })).length;
}

describe('the reasons', () => {
  it('are those of the ErrorReason enum, no more and no less', () => {
    expect(codes.map(({ reason }) => reason as string).sort()).toEqual([...inEnum].sort());
  });

  it.each(codes)('$reason is $code, with an ErrorInfo that names it', ({ reason, code }) => {
    const error = troupeError(reason, 'A text.');
    expect(error.code).toBe(Code[code]);
    expect(error.message).toBe('A text.');
    expect(error.detail(ErrorInfoSchema)).toMatchObject({ reason, domain: 'troupe', metadata: {} });
    expect(reasonOf(error)).toBe(reason);
  });
});

describe('an error of the mesh', () => {
  it('says in its metadata where it happened, as far as known', () => {
    const error = troupeError('NO_LIVE_INSTANCE', 'Nobody is there.', { agent: 'summarizer', step: '' });
    expect(errorInfoOf(error)?.metadata).toEqual({ agent: 'summarizer' });
  });

  it('says when to come back after OVERLOADED, and with other reasons only where it is known', () => {
    const delay = (error: RpcError) => {
      const retry = error.detail(RetryInfoSchema);
      return retry && durationMs(retry.retryDelay!);
    };
    expect(delay(troupeError('OVERLOADED', 'Busy.'))).toBe(100);
    expect(delay(troupeError('OVERLOADED', 'Busy.', { retryAfterMs: 1500.2 }))).toBe(1501);
    expect(delay(troupeError('DRAINING', 'Leaving.', { retryAfterMs: 0 }))).toBe(0);
    expect(delay(troupeError('MESSAGE_TOO_LARGE', 'Too large.'))).toBeUndefined();
  });

  it('names every violation where there are few', () => {
    const violations = [
      { field: 'payload.text', description: 'is missing' },
      { field: 'payload.items[2]', description: 'must be a number' },
    ];
    const error = troupeError('INVALID_PAYLOAD', 'The payload is not right.', { violations });
    expect(error.detail(BadRequestSchema)?.fieldViolations).toMatchObject(violations);
  });

  it('names the first violations of very many, counts the rest, and stays within 4 KiB', () => {
    const violations = Array.from({ length: 5000 }, (_, i) => ({
      field: `f${i}`,
      description: '🎭'.repeat(999),
    }));
    const error = troupeError('INVALID_PAYLOAD', 'All wrong.', {
      violations,
      retryAfterMs: 5,
      agent: 'a'.repeat(9999),
    });
    const said = error.detail(BadRequestSchema)!.fieldViolations;
    expect(said.length).toBeGreaterThan(10);
    expect(said[0]).toMatchObject({ field: 'f0', description: `${'🎭'.repeat(63)}…` });
    expect(said.at(-1)).toMatchObject({ field: '', description: `and ${5001 - said.length} more` });
    expect(detailBytes(error)).toBeLessThanOrEqual(4096);
    expect(detailBytes(error)).toBeGreaterThan(3500);
    expect(bounded(error)).toBe(error);
  });

  it('has a text that is well formed and short, whatever was put into it', () => {
    expect(troupeError('HANDLER_FAILED', 'a\ud83c').message).toBe('a\ufffd');
    const long = troupeError('HANDLER_FAILED', '\udfad'.repeat(100_000), {
      agent: '\ud83c',
      capability: 'ü'.repeat(999),
    });
    expect(long.message.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(long.message)).toBeLessThanOrEqual(512);
    expect(errorInfoOf(long)?.metadata).toEqual({ agent: '\ufffd', capability: `${'ü'.repeat(126)}…` });
  });

  it('keeps its cause', () => {
    const cause = new Error('why');
    expect(troupeError('HANDLER_FAILED', 'It failed.', { cause }).cause).toBe(cause);
    expect(troupeError('HANDLER_FAILED', 'It failed.')).not.toHaveProperty('cause');
  });
});

describe('a failed step', () => {
  it("has its cause's code, and its cause's details after its own", () => {
    const cause = troupeError('CAPABILITY_NOT_FOUND', 'Nobody can.', { capability: 'text.sing' });
    const error = troupeError('STEP_FAILED', 'Step sing failed: nobody can.', { step: 'sing', cause });
    expect(error.code).toBe(Code.NOT_FOUND);
    expect(reasonOf(error)).toBe('STEP_FAILED');
    expect(error.details.slice(1)).toEqual(cause.details);
  });

  it("keeps its own details on the wire when its cause's do not fit", () => {
    const large = packDetail(BadRequestSchema, { fieldViolations: [{ field: 'x'.repeat(4090) }] });
    const small = packDetail(ErrorInfoSchema, { reason: 'NO_PAPER', domain: 'printer.example' });
    const cause = new RpcError(Code.INTERNAL, 'No.', [small, large]);
    const error = bounded(troupeError('STEP_FAILED', 'No.', { step: 'print', cause }));
    expect(errorInfoOf(error)?.metadata).toEqual({ step: 'print' });
    expect(error.details.slice(1)).toEqual([small]);
    expect(detailBytes(error)).toBeLessThanOrEqual(4096);
  });
});

describe('the reason of an error', () => {
  it("is found behind details of an agent's own, also broken ones", () => {
    const foreign = packDetail(ErrorInfoSchema, { reason: 'NO_PAPER', domain: 'printer.example' });
    const broken = create(AnySchema, { typeUrl: foreign.typeUrl, value: Uint8Array.of(0xff) });
    const own = troupeError('DRAINING', 'Leaving.').details;
    expect(reasonOf(new RpcError(Code.UNAVAILABLE, '', [broken, foreign, ...own]))).toBe('DRAINING');
    expect(reasonOf(new RpcError(Code.UNAVAILABLE, '', [broken, foreign]))).toBeUndefined();
  });
});
