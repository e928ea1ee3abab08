import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import type { JsonValue, TaskContext } from '../../services/agent/index.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { DOORS, served } from './agents.ts';

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function trapped(): unknown {
  const trap = () => {
    throw new TypeError('a trap');
  };
  return new Proxy({}, { get: trap, getPrototypeOf: trap });
}

const withMessage = (message: unknown) => Object.defineProperty(new Error(), 'message', { value: message });
const withGetter = () =>
  Object.defineProperty(new Error(), 'message', {
    get() {
      throw new TypeError('no message');
    },
  });

const UNREADABLE = 'what was thrown cannot be read';

/** What is no error of the mesh, or not even an error. */
const strange: [string, () => unknown, string][] = [
  ['an error whose message is a symbol', () => withMessage(Symbol('odd')), 'Symbol(odd)'],
  ['an error whose message is an object', () => withMessage({ odd: 1 }), '{ odd: 1 }'],
  ['an error whose message has no prototype', () => withMessage(Object.create(null)), 'null prototype'],
  ['an error whose message throws', withGetter, UNREADABLE],
  [
    'an object that throws when it is printed',
    () => ({
      [inspect.custom]() {
        throw new Error('not printed');
      },
    }),
    UNREADABLE,
  ],
  ['a proxy whose traps throw', trapped, UNREADABLE],
  ['a proxy that is revoked', revoked, UNREADABLE],
];

const rpcError = (code: unknown, message: unknown, details?: unknown) =>
  Object.assign(new RpcError(code as Code, '', details as never), { message });

/** Errors of the mesh as no type lets them be, and what their callers get of them. */
const malformed: [string, () => RpcError, { code: Code; message: string }][] = [
  [
    'details that are plain objects',
    () => rpcError(Code.NOT_FOUND, 'No.', [{ reason: 'GONE' }]),
    { code: Code.NOT_FOUND, message: 'No.' },
  ],
  [
    'details of nothing',
    () => rpcError(Code.NOT_FOUND, 'No.', [undefined]),
    { code: Code.NOT_FOUND, message: 'No.' },
  ],
  ['no details', () => rpcError(Code.NOT_FOUND, 'No.', null), { code: Code.NOT_FOUND, message: 'No.' }],
  [
    'an object as its message',
    () => rpcError(Code.NOT_FOUND, { odd: 1 }),
    { code: Code.NOT_FOUND, message: '{ odd: 1 }' },
  ],
  ['a name as its code', () => rpcError('NOT_FOUND', 'No.'), { code: Code.UNKNOWN, message: 'No.' }],
  ['the code of success', () => rpcError(Code.OK, 'No.'), { code: Code.UNKNOWN, message: 'No.' }],
];

/** An agent that throws what it is told to, at once or later. */
async function thrower(make: () => unknown) {
  const { ask } = await served({
    capabilities: {
      fail: {
        handle: (later) => {
          if (later) return Promise.reject(make());
          throw make();
        },
      },
    },
  });
  return ask;
}

describe.each(DOORS)('A task over %s', (door) => {
  it.each(strange)(
    'whose handler throws %s fails HANDLER_FAILED, and is in flight no more',
    async (...row) => {
      const [, make, text] = row;
      const ask = await thrower(make);
      for (const later of [false, true]) {
        const error = await failureOf(ask[door]({ payload: later }));
        expect([error.code, reasonOf(error)]).toEqual([Code.UNKNOWN, 'HANDLER_FAILED']);
        expect(error.message).toContain(text);
      }
      const beat = await ask[door]({ type: MessageType.HEARTBEAT });
      expect(beat?.heartbeat).toMatchObject({ status: AgentStatus.ERROR, inFlight: 0, failed: 2n });
    },
  );

  it.each(malformed)('whose handler throws an RpcError with %s fails with the rest of it', async (...row) => {
    const [, make, told] = row;
    const ask = await thrower(make);
    const error = await failureOf(ask[door]({}));
    expect(error).toMatchObject({ ...told, details: [] });
  });

  it.each<[string, (task: TaskContext) => void, string]>([
    ['reports what is no JSON', (task) => task.progress(1n as never), 'it reported what is no JSON'],
    ['attaches a document without a name', (task) => task.attach({}), 'without a name'],
    [
      'attaches two documents of one name',
      (task) => {
        task.attach({ name: 'a.md' });
        task.attach({ name: 'a.md' });
      },
      "two documents named 'a.md'",
    ],
  ])('whose handler %s fails HANDLER_FAILED: its caller is not to blame', async (_, err, text) => {
    const handle = (_: JsonValue, task: TaskContext) => {
      err(task);
      return 'done';
    };
    const { ask } = await served({ capabilities: { err: { handle } } });
    const error = await failureOf(ask[door]({}));
    expect([error.code, reasonOf(error)]).toEqual([Code.UNKNOWN, 'HANDLER_FAILED']);
    expect(error.message).toContain(text);
  });
});

it.each(DOORS)(
  'A broadcast over %s whose listener throws a revoked proxy fails HANDLER_FAILED',
  async (door) => {
    const { ask } = await served({
      onBroadcast: () => {
        throw revoked();
      },
    });
    expect(await reasonIn(ask[door]({ type: MessageType.BROADCAST }))).toBe('HANDLER_FAILED');
  },
);
