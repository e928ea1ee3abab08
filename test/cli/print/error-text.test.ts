import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { errorText } from '../../../services/cli/print/error-text.ts';
import { Printer } from '../../../services/cli/print/printer.ts';
import { troupeError } from '../../../services/protocol/reason.ts';
import { Code } from '../../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../../services/rpc/rpc-error.ts';

const printer = new Printer(new PassThrough(), {});

describe('the text of an error', () => {
  it('says what, why and what to do next', () => {
    const violations = [
      { field: 'payload.items[2].name', description: 'is missing' },
      { field: '', description: 'and 3 more' },
    ];
    const error = troupeError('INVALID_PAYLOAD', 'The payload is not as it should be.', {
      agent: 'writer',
      violations,
    });
    expect(errorText(error, printer)).toBe(
      [
        'error: The payload is not as it should be. (INVALID_ARGUMENT / INVALID_PAYLOAD)',
        '  payload.items[2].name: is missing',
        '  and 3 more',
        '  next: "troupe describe writer" shows what it takes.',
      ].join('\n'),
    );
  });

  it('does not say twice what the message says already', () => {
    const violations = [{ field: 'payload.text', description: 'must be string' }];
    const error = troupeError('INVALID_MESSAGE', 'Refused: payload.text must be string.', { violations });
    expect(errorText(error, printer).split('\n')).toHaveLength(1);
  });

  it("names an agent's own reason with its domain, and knows nothing to do about it", () => {
    const info = packDetail(ErrorInfoSchema, { reason: 'AGENT_NOT_FOUND', domain: 'writer.example' });
    const error = new RpcError(Code.FAILED_PRECONDITION, 'No pen.', [info]);
    expect(errorText(error, printer)).toBe(
      'error: No pen. (FAILED_PRECONDITION / AGENT_NOT_FOUND of writer.example)',
    );
  });

  it('survives a reason of the mesh that it does not know, and details that do not decode', () => {
    const newer = packDetail(ErrorInfoSchema, { reason: 'constructor', domain: 'troupe' });
    const broken = { ...newer, value: new Uint8Array([255, 255]) };
    expect(errorText(new RpcError(Code.ABORTED, 'New.', [broken, newer]), printer)).toBe(
      'error: New. (ABORTED / constructor)',
    );
    const request = { ...packDetail(BadRequestSchema, {}), value: new Uint8Array([255, 255]) };
    expect(errorText(new RpcError(Code.ABORTED, 'New.', [request]), printer)).toBe('error: New. (ABORTED)');
  });

  it('cannot move the cursor', () => {
    expect(errorText(new RpcError(Code.UNKNOWN, 'a\u001b[2Jb'), printer)).toBe('error: a\\x1b[2Jb (UNKNOWN)');
  });
});
