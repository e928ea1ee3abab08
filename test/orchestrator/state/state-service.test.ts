import { create, fromJson, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { StateEntrySchema, StateEventSchema } from '../../../gen/troupe/v1/state_entry_pb.js';
import {
  DeleteRequestSchema,
  GetRequestSchema,
  ListRequestSchema,
  ListResponseSchema,
  SetRequestSchema,
  WatchRequestSchema,
} from '../../../gen/troupe/v1/state_service_pb.js';
import { MemoryStore } from '../../../services/orchestrator/state/memory-store.ts';
import { stateHandlers } from '../../../services/orchestrator/state/state-service.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import type { CallContext } from '../../../services/rpc/call-context.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { silent } from '../../../services/rpc/log.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

const context: CallContext = {
  method: 'troupe.v1.StateService/Test',
  signal: new AbortController().signal,
  deadline: Deadline.never,
  draining: new AbortController().signal,
  peer: '127.0.0.1:1',
  headers: new Headers(),
  log: silent,
};

function serve() {
  const store = new MemoryStore();
  const handlers = stateHandlers(store);
  return {
    store,
    get: async (key: string) => {
      const { entry } = await handlers.get(create(GetRequestSchema, { key }), context);
      return entry && toJson(StateEntrySchema, create(StateEntrySchema, entry));
    },
    set: (key: string, value: unknown, rest: object = {}) =>
      handlers.set(fromJson(SetRequestSchema, { key, value: value as never, ...rest }), context) as Promise<{
        entry: { revision: bigint };
      }>,
    setMessage: (init: Parameters<typeof create<typeof SetRequestSchema>>[1]) =>
      handlers.set(create(SetRequestSchema, init), context),
    delete: (key: string) => handlers.delete(create(DeleteRequestSchema, { key }), context),
    list: async (init: object) =>
      create(ListResponseSchema, await handlers.list(create(ListRequestSchema, init), context)),
    watch: (init: object) =>
      handlers.watch(create(WatchRequestSchema, init), context)[Symbol.asyncIterator](),
  };
}

async function reasonFor(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
  } catch (error) {
    return error instanceof RpcError ? reasonOf(error) : `no RpcError: ${error}`;
  }
  return undefined;
}

describe('Get and Set', () => {
  it.each([
    ['an object', { a: [1, 'two', null, { b: true }] }],
    ['an empty list', []],
    ['a number', 1.5],
    ['null', null],
  ])('keep %s as it is', async (_, value) => {
    const { get, set } = serve();
    await set('a', value);
    expect(await get('a')).toMatchObject({ key: 'a', value });
  });

  it('take a value without a kind, and none at all, for null', async () => {
    const { get, setMessage } = serve();
    await setMessage({ key: 'a', value: create(ValueSchema) });
    await setMessage({ key: 'b' });
    expect(await get('a')).toMatchObject({ value: null });
    expect(await get('b')).toMatchObject({ value: null });
  });

  it('answer nothing for an absent key', async () => {
    expect(await serve().get('nobody')).toBeUndefined();
  });

  it('tell the revision, the time of writing and the time to live', async () => {
    const { get, set } = serve();
    const { entry } = await set('a', 1, { ttl: '60s' });
    expect(await get('a')).toMatchObject({
      revision: String(entry.revision),
      updatedAt: expect.stringMatching(/^20\d\d-/),
      ttl: expect.stringMatching(/^(60|59\.\d+)s$/),
    });
  });

  it('refuse a stale revision and write nothing', async () => {
    const { get, set } = serve();
    const { entry } = await set('a', 1);
    await set('a', 2);
    expect(await reasonFor(() => set('a', 3, { ifRevision: String(entry.revision) }))).toBe(
      'REVISION_CONFLICT',
    );
    expect(await reasonFor(() => set('a', 3, { ifRevision: '0' }))).toBe('REVISION_CONFLICT');
    expect(await get('a')).toMatchObject({ value: 2 });
  });
});

describe('Delete', () => {
  it('tells whether there was an entry, and the revision', async () => {
    const { delete: del, get, set } = serve();
    const { entry } = await set('a', 1);
    expect(await del('a')).toEqual({ deleted: true, revision: entry.revision + 1n });
    expect(await del('a')).toEqual({ deleted: false, revision: entry.revision + 1n });
    expect(await get('a')).toBeUndefined();
  });
});

describe('List', () => {
  it('gives every entry once over its pages', async () => {
    const { list, set } = serve();
    for (let i = 0; i < 25; i++) await set(`k/${String(i).padStart(2, '0')}`, i);
    await set('other', 1);
    const keys: string[] = [];
    let pageToken = '';
    do {
      const page = await list({ prefix: 'k/', pageSize: 10, pageToken });
      keys.push(...page.entries.map((entry) => entry.key));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(keys).toEqual(Array.from({ length: 25 }, (_, i) => `k/${String(i).padStart(2, '0')}`));
  });

  it('has 100 entries a page where the request does not say', async () => {
    const { list, set } = serve();
    for (let i = 0; i < 101; i++) await set(`${i}`, i);
    expect((await list({})).entries).toHaveLength(100);
  });

  it('keeps a page of large values within a message', async () => {
    const { list, set } = serve();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await set(key, 'x'.repeat(1_000_000));
    const page = await list({});
    expect(page.entries).toHaveLength(2);
    expect(page.nextPageToken).not.toBe('');
  });
});

describe('Watch', () => {
  it('tells each change, from the revision of a list on', async () => {
    const { delete: del, list, set, watch } = serve();
    await set('a', 1);
    const { revision } = await list({});
    await set('a', { b: 2 });
    await set('c', 3, { ttl: '0.001s' });
    await del('a');
    const changes = watch({ fromRevision: revision });
    const told: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { event } = (await changes.next()).value;
      told.push(toJson(StateEventSchema, create(StateEventSchema, event)));
    }
    expect(told).toMatchObject([
      { type: 'STATE_EVENT_TYPE_SET', entry: { key: 'a', value: { b: 2 } } },
      { type: 'STATE_EVENT_TYPE_SET', entry: { key: 'c', value: 3, ttl: expect.stringMatching(/^0\.00/) } },
      { type: 'STATE_EVENT_TYPE_DELETED', entry: { key: 'a', revision: String(revision + 3n) } },
      { type: 'STATE_EVENT_TYPE_EXPIRED', entry: { key: 'c', revision: String(revision + 4n) } },
    ]);
  });

  it('ends from a revision that is forgotten', async () => {
    const { watch } = serve();
    expect(await reasonFor(() => watch({ fromRevision: 1n }).next())).toBe('REVISION_COMPACTED');
  });
});

describe('an open Watch', () => {
  it('ends when the server drains', async () => {
    const draining = new AbortController();
    const handlers = stateHandlers(new MemoryStore());
    const changes = handlers.watch(create(WatchRequestSchema), { ...context, draining: draining.signal });
    const next = changes[Symbol.asyncIterator]().next();
    draining.abort();
    expect(await reasonFor(() => next)).toBe('DRAINING');
  });
});

describe('a request out of bounds is refused', () => {
  const long = 'é'.repeat(257);
  const token = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  it.each<[string, (service: ReturnType<typeof serve>) => unknown, string]>([
    ['an empty key', ({ get }) => get(''), 'INVALID_MESSAGE'],
    ['a key over 512 bytes', ({ set }) => set(long, 1), 'INVALID_MESSAGE'],
    ['half of a surrogate pair', ({ setMessage }) => setMessage({ key: '\ud800' }), 'INVALID_MESSAGE'],
    ['an empty key to delete', ({ delete: del }) => del(''), 'INVALID_MESSAGE'],
    ['a ttl of zero', ({ set }) => set('a', 1, { ttl: '0s' }), 'INVALID_MESSAGE'],
    ['a negative ttl', ({ set }) => set('a', 1, { ttl: '-1s' }), 'INVALID_MESSAGE'],
    ['a ttl over 365 days', ({ set }) => set('a', 1, { ttl: '31536001s' }), 'INVALID_MESSAGE'],
    [
      'NaN',
      ({ setMessage }) =>
        setMessage({ key: 'a', value: { kind: { case: 'numberValue', value: Number.NaN } } }),
      'INVALID_PAYLOAD',
    ],
    ['a value over 1 MiB', ({ set }) => set('a', 'x'.repeat(2 ** 20)), 'MESSAGE_TOO_LARGE'],
    ['a prefix over 512 bytes', ({ list }) => list({ prefix: long }), 'INVALID_MESSAGE'],
    ['a prefix over 512 bytes to watch', ({ watch }) => watch({ prefix: long }).next(), 'INVALID_MESSAGE'],
    ['a page over 1,000', ({ list }) => list({ pageSize: 1_001 }), 'INVALID_MESSAGE'],
    ['a page token that is none', ({ list }) => list({ pageToken: 'nonsense' }), 'INVALID_MESSAGE'],
    ['a page token that is JSON but none', ({ list }) => list({ pageToken: token(1, 2) }), 'INVALID_MESSAGE'],
    ['a page token with a part too few', ({ list }) => list({ pageToken: token('') }), 'INVALID_MESSAGE'],
    ['a page token with filling', ({ list }) => list({ pageToken: `${token('', 'a')}!` }), 'INVALID_MESSAGE'],
    [
      'a page token of another prefix',
      ({ list }) => list({ pageToken: token('b', 'ba') }),
      'INVALID_MESSAGE',
    ],
    [
      'a page token outside its prefix',
      ({ list }) => list({ prefix: 'b', pageToken: token('b', 'a') }),
      'INVALID_MESSAGE',
    ],
  ])('%s', async (_, call, reason) => {
    expect(await reasonFor(() => call(serve()))).toBe(reason);
  });
});
