import { fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Duration, timestampFromDate, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type StateEntrySchema,
  type StateEventSchema,
  StateEventType,
} from '../../../gen/troupe/v1/state_entry_pb.js';
import type { StateService } from '../../../gen/troupe/v1/state_service_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { durationToMs, msToDuration } from '../../protocol/ttl.ts';
import { fromValue, toValue } from '../../protocol/value.ts';
import type { Handlers } from '../../rpc/handlers.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { fromPageToken, toPageToken } from '../page.ts';
import type { StateChange, StateStore, StoredEntry } from './state-store.ts';

/** The most bytes of UTF-8 in a key. */
const MAX_KEY_BYTES = 512;

/** The most entries in a page, and how many it has where the request does not say. */
const MAX_PAGE_SIZE = 1_000;
const DEFAULT_PAGE_SIZE = 100;

/** The most bytes of keys and values in a page of more than one entry: half of what a message may hold. */
const MAX_PAGE_BYTES = 2 * 2 ** 20;

/** The longest that an entry may live. */
const MAX_TTL_MS = 365 * 24 * 60 * 60 * 1_000;

/** Serves the shared state that `store` keeps. */
export function stateHandlers(store: StateStore): Handlers<typeof StateService> {
  return {
    async get(request) {
      const key = checkedKey(request.key);
      const entry = await store.get(key);
      return entry ? { entry: toStateEntry(entry) } : {};
    },

    async set(request) {
      const key = checkedKey(request.key);
      const ttlMs = checkedTtl(request.ttl);
      const value = toBinary(ValueSchema, toValue(fromValue(request.value)));
      const entry = await store.set(key, value, { ifRevision: request.ifRevision, ttlMs });
      return { entry: toStateEntry(entry) };
    },

    async delete(request) {
      const key = checkedKey(request.key);
      return store.delete(key, { ifRevision: request.ifRevision });
    },

    async list(request) {
      const prefix = checkedPrefix(request.prefix);
      const limit = checkedPageSize(request.pageSize);
      const after = fromPageToken(listOf(prefix), request.pageToken);
      const page = await store.list({ prefix, after, limit, maxBytes: MAX_PAGE_BYTES });
      const last = page.entries.at(-1);
      return {
        entries: page.entries.map(toStateEntry),
        nextPageToken: page.more && last ? toPageToken(listOf(prefix), last.key) : '',
        revision: page.revision,
      };
    },

    async *watch(request, { signal, draining }) {
      const prefix = checkedPrefix(request.prefix);
      const changes = store.watch({
        prefix,
        fromRevision: request.fromRevision,
        signal: AbortSignal.any([signal, draining]),
      });
      try {
        for await (const change of changes) yield { event: toStateEvent(change) };
      } catch (error) {
        if (error !== draining.reason) throw error;
        throw troupeError('DRAINING', 'The orchestrator is stopping: watch again once it is back.');
      }
    },
  };
}

function checkedKey(key: string): string {
  if (key === '') throw invalid('key', 'is empty; name the entry');
  return checkedText('key', key);
}

function checkedPrefix(prefix: string): string {
  return checkedText('prefix', prefix);
}

function checkedText(field: string, text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_KEY_BYTES) throw invalid(field, `has ${bytes} bytes; at most ${MAX_KEY_BYTES} are allowed`);
  if (!text.isWellFormed()) throw invalid(field, 'holds half of a surrogate pair, which is no text');
  return text;
}

function checkedTtl(ttl: Duration | undefined): number | undefined {
  if (ttl === undefined) return undefined;
  const ms = durationToMs(ttl);
  if (ms > 0 && ms <= MAX_TTL_MS) return ms;
  throw invalid('ttl', 'must be more than zero, and at most 365 days');
}

function checkedPageSize(pageSize: number): number {
  if (pageSize > MAX_PAGE_SIZE) throw invalid('page_size', `must be at most ${MAX_PAGE_SIZE}`);
  return pageSize || DEFAULT_PAGE_SIZE;
}

/** The list that a page is of: a token is good for the prefix that it was given for. */
function listOf(prefix: string): string {
  return `state ${prefix}`;
}

function invalid(field: string, description: string): RpcError {
  return troupeError('INVALID_MESSAGE', `${field} ${description}`, { violations: [{ field, description }] });
}

function toStateEntry(entry: StoredEntry): MessageInitShape<typeof StateEntrySchema> {
  return {
    key: entry.key,
    value: fromBinary(ValueSchema, entry.value),
    revision: entry.revision,
    updatedAt: timestampFromDate(entry.updatedAt),
    ...(entry.ttlMs !== undefined && { ttl: msToDuration(entry.ttlMs) }),
  };
}

function toStateEvent(change: StateChange): MessageInitShape<typeof StateEventSchema> {
  switch (change.type) {
    case 'set':
      return { type: StateEventType.SET, entry: toStateEntry(change.entry) };
    case 'deleted':
      return { type: StateEventType.DELETED, entry: { key: change.key, revision: change.revision } };
    case 'expired':
      return { type: StateEventType.EXPIRED, entry: { key: change.key, revision: change.revision } };
  }
}
