import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { type JsonValue, troupeError } from '../../../services/agent/index.ts';
import { Code } from '../../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../../services/rpc/rpc-error.ts';

const failing = (error: () => unknown) => () => {
  throw error();
};
const bare = (code: Code) => failing(() => new RpcError(code, 'It says nothing more.'));
const violations = [
  { field: 'payload.a', description: 'is not b' },
  { field: 'payload.c[2]', description: 'is too long' },
];
const inkInfo = { reason: 'OUT_OF_INK', domain: 'printer.example', metadata: { ink: 'red' } };

/** How a handler may fail. */
export const failures: Readonly<Record<string, () => JsonValue>> = {
  'an Error': failing(() => new Error('boom')),
  'a text': failing(() => 'a text'),
  'no JSON': () => Number.NaN,
  'too large a RESULT': () => 'x'.repeat(4 * 1024 * 1024),
  'a reason of the mesh': failing(() => troupeError('INVALID_PAYLOAD', 'Not like this.', { violations })),
  'a reason of the mesh, and when to come back': failing(() =>
    troupeError('SLOW_READER', 'Later.', { retryAfterMs: 700 }),
  ),
  'DRAINING, as another said': failing(() => troupeError('DRAINING', 'Another is leaving.')),
  'TASK_CANCELLED of its own': failing(() => troupeError('TASK_CANCELLED', 'I cancelled it.')),
  'TASK_TIMED_OUT of its own': failing(() => troupeError('TASK_TIMED_OUT', 'I had no time.')),
  'INSTANCE_LOST, of another': failing(() => troupeError('INSTANCE_LOST', 'The other is gone.')),
  'a reason of another domain': failing(
    () => new RpcError(Code.RESOURCE_EXHAUSTED, 'No ink.', [packDetail(ErrorInfoSchema, inkInfo)]),
  ),
  'a very long text': failing(() => new RpcError(Code.ABORTED, `${'é'.repeat(3000)}\ud800`)),
  'no reason': bare(Code.NOT_FOUND),
  UNKNOWN: bare(Code.UNKNOWN),
  OK: bare(Code.OK),
};

/**
 * The same with codes that gRPC itself ends a call with. A `Troupe` without a link cannot tell them from its own
 * call's end, and says INSTANCE_LOST and TASK_TIMED_OUT where one with a link says nothing.
 */
export const ambiguousFailures: typeof failures = {
  UNAVAILABLE: bare(Code.UNAVAILABLE),
  DEADLINE_EXCEEDED: bare(Code.DEADLINE_EXCEEDED),
  CANCELLED: bare(Code.CANCELLED),
};
