import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemoryStore } from '../../../services/orchestrator/state/memory-store.ts';
import type { StateChange } from '../../../services/orchestrator/state/state-store.ts';

/** The simplest store there is: what `MemoryStore` must be indistinguishable from. */
class Model {
  readonly entries = new Map<string, { value: number; revision: bigint; expiresAt: number }>();
  revision = 0n;
  now = 0;

  pass(ms: number): void {
    this.now += ms;
    for (const [key, { expiresAt }] of this.entries) {
      if (expiresAt > this.now) continue;
      this.entries.delete(key);
      this.revision++;
    }
  }
}

const key = fc
  .constantFrom('', 'a', 'b', 'ba', 'bb', 'bé', 'b\u{10000}', 'b\uffff', 'c')
  .map((end) => `k${end}`);
const guard = fc.constantFrom('none', 'absent', 'right', 'wrong');
const step = fc.oneof(
  fc.record({
    do: fc.constant('set'),
    key,
    value: fc.nat(255),
    guard,
    ttl: fc.option(fc.integer({ min: 1, max: 20 })),
  }),
  fc.record({ do: fc.constant('delete'), key, guard }),
  fc.record({ do: fc.constant('get'), key }),
  fc.record({ do: fc.constant('list'), prefix: key, limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant('pass'), ms: fc.integer({ min: 1, max: 10 }) }),
);
type Step = Partial<{
  key: string;
  value: number;
  guard: string;
  ttl: number | null;
  prefix: string;
  limit: number;
  ms: number;
}>;

function ifRevision(model: Model, { key, guard }: Step): bigint | undefined {
  const revision = model.entries.get(key!)?.revision ?? 0n;
  return { none: undefined, absent: 0n, right: revision, wrong: revision + 7n }[guard!];
}

/** Does one step on both and compares what they answer. */
async function compare(
  store: MemoryStore,
  model: Model,
  { do: what, ...step }: Step & { do: string },
): Promise<void> {
  const { key } = step;
  const held = key === undefined ? undefined : model.entries.get(key);
  if (what === 'set') {
    const asked = ifRevision(model, step);
    const ttlMs = step.ttl ?? undefined;
    const set = store.set(key!, Uint8Array.of(step.value!), { ifRevision: asked, ttlMs });
    if (asked !== undefined && asked !== (held?.revision ?? 0n))
      return expect(set).rejects.toThrow('revision');
    const revision = ++model.revision;
    model.entries.delete(key!);
    model.entries.set(key!, { value: step.value!, revision, expiresAt: model.now + (ttlMs ?? Infinity) });
    expect((await set).revision).toBe(revision);
  } else if (what === 'delete') {
    const asked = ifRevision(model, step);
    const deletion = store.delete(key!, { ifRevision: asked });
    if (asked !== undefined && asked !== (held?.revision ?? 0n))
      return expect(deletion).rejects.toThrow('revision');
    if (model.entries.delete(key!)) model.revision++;
    expect(await deletion).toEqual({ deleted: held !== undefined, revision: model.revision });
  } else if (what === 'get') {
    const entry = await store.get(key!);
    expect(entry && { value: entry.value[0], revision: entry.revision }).toEqual(
      held && { value: held.value, revision: held.revision },
    );
  } else if (what === 'list') {
    const listed: string[] = [];
    for (let more = true; more; ) {
      const page = await store.list({
        ...(step as { prefix: string; limit: number }),
        after: listed.at(-1),
        maxBytes: 99,
      });
      listed.push(...page.entries.map((entry) => entry.key));
      expect(page.revision).toBe(model.revision);
      more = page.more;
    }
    const keys = [...model.entries.keys()].filter((key) => key.startsWith(step.prefix!));
    expect(listed).toEqual(keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  } else {
    await vi.advanceTimersByTimeAsync(step.ms!);
    model.pass(step.ms!);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a store in memory answers as the simplest store would, and its watch tells all of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const store = new MemoryStore({ startRevision: 0n });
      const model = new Model();
      const changes = store.watch({ prefix: '', signal: new AbortController().signal });
      for (const step of steps) await compare(store, model, step);

      await store.close();
      const told = new Map<string, bigint>();
      let revision = 0n;
      const apply = (change: StateChange): void => {
        expect(change.revision).toBe(++revision);
        if (change.type === 'set') told.set(change.key, change.revision);
        else expect(told.delete(change.key)).toBe(true);
      };
      await expect(
        (async () => {
          for await (const change of changes) apply(change);
        })(),
      ).rejects.toThrow('closed');
      expect(told).toEqual(new Map([...model.entries].map(([key, entry]) => [key, entry.revision])));
    }),
  );
});
