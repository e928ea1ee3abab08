import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestMesh } from '../orchestrator/test-mesh.ts';
import { isEnd } from './twins/heard.ts';
import type { Role } from './twins/role.ts';
import { races, type Script, scripts } from './twins/script.ts';
import { type History, openTheatre, type Theatre } from './twins/theatre.ts';
import type { Way } from './twins/ways.ts';

const mesh = new TestMesh();
let theatre: Theatre;
beforeEach(async () => {
  theatre = await openTheatre(mesh);
});

/**
 * How much is tried, and shrunk: on a slow machine no more than there is time for, in milliseconds. Each way cancels
 * calls, and a server ends a connection that cancels faster than its limit (`services/rpc/limits.ts`).
 */
const RUNS = 20;
const TIME_MS = 8000;

/** Holds the property, with a seed in what it says where it does not hold. fast-check's own limit would pass a hang. */
async function always<T>(drawn: fc.Arbitrary<T>, holds: (value: T) => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const inTime = async (value: T) => {
    if (performance.now() - startedAt < TIME_MS) await holds(value);
  };
  await fc.assert(fc.asyncProperty(drawn, inTime), { numRuns: RUNS });
}

/** A script on every way at once, each with its own ids. */
async function playAll(script: Script, ways: readonly Way[]): Promise<History[][]> {
  return Promise.all(ways.map((way) => theatre.play(script, way)));
}

/** Exactly one end, and nothing after it. */
function expectOneEnd({ heard }: Pick<Role, 'heard'>, way: Way): void {
  expect(heard.filter(isEnd), way.name).toHaveLength(1);
  expect(isEnd(heard.at(-1)!), way.name).toBe(true);
}

/** What a history has to be by its script alone. */
function expectAsWritten({ role }: History, way: Way): void {
  const { part, heard, seen, copyHeard } = role;
  expectOneEnd(role, way);
  const progress = part.progress.map((payload, n) => ({ progress: payload, sequence: n + 1 }));
  const told = part.end !== 'refused' && way.tells;
  expect(heard.slice(0, -1), way.name).toEqual(told ? progress : []);
  if (part.end === 'refused') expect(seen, way.name).toBeUndefined();
  if (part.end === 'result') expect(heard.at(-1), way.name).toMatchObject({ result: part.result });
  if (part.end === 'cancel')
    expect(heard.at(-1), way.name).toMatchObject({ failed: 'CANCELLED / TASK_CANCELLED' });
  if (part.end === 'deadline') {
    expect([...(seen ? [] : ['MESSAGE_EXPIRED']), 'TASK_TIMED_OUT'], way.name).toContain(reasonHeard(role));
    // The agent's own clock strikes first, unless the machine stood still.
    if (seen) expect(['TASK_TIMED_OUT', 'TASK_CANCELLED'], way.name).toContain(seen.stopped);
  }
  if (!part.copied) return;
  expectOneEnd({ heard: copyHeard }, way);
  expect(reasonHeard({ heard: copyHeard }), way.name).toBe(way.refusesCopies ? 'DUPLICATE_ID' : undefined);
}

/** The reason of the end; nothing where it was a RESULT. */
function reasonHeard({ heard }: Pick<Role, 'heard'>): string | undefined {
  const end = heard.at(-1)!;
  return 'failed' in end ? end.failed.split(' / ')[1] : undefined;
}

/** A history in what all ways have to have in common. */
function inCommon({ role: { part, heard, seen }, log }: History) {
  // Whose clock struck first, nobody can say.
  if (part.end === 'deadline') return log?.length;
  // Who resets a call has nobody's word for it but their own, and each door says itself what it takes.
  if (part.end === 'cancel' || part.odd.type) return { end: reasonHeard({ heard }), seen, log };
  return { end: heard.at(-1), seen, log };
}

describe('a script of tasks, progress, cancels, deadlines and failures', () => {
  it.each(['stranger', 'troupe'] as const)(
    'ends the same on every way of a %s',
    { timeout: 60_000 },
    async (who) => {
      const ways = theatre.ways[who];
      await always(scripts({ stranger: who === 'stranger' }), async (script) => {
        const histories = await playAll(script, ways);
        for (const [n, way] of ways.entries()) {
          for (const history of histories[n]!) expectAsWritten(history, way);
          const difference = `${way.name}, and ${ways[0]!.name}`;
          expect(histories[n]!.map(inCommon), difference).toEqual(histories[0]!.map(inCommon));
        }
        expect(Object.values(await theatre.inFlight())).toEqual([0, 0, 0, 0]);
      });
    },
  );
});

describe('a race of ends, cancels and deadlines', () => {
  it('has one winner on every way', { timeout: 60_000 }, async () => {
    const ways = Object.values(theatre.ways).flat();
    await always(races, async (race) => {
      const runs = await Promise.all(ways.map((way) => theatre.race(race, way)));
      for (const [n, way] of ways.entries()) {
        for (const [m, role] of runs[n]!.entries()) {
          expectOneEnd(role, way);
          const { part, cancelAfter } = race[m]!;
          const allowed = [part.end === 'failure' ? 'HANDLER_FAILED' : undefined];
          if (cancelAfter !== undefined) allowed.push('TASK_CANCELLED');
          if (part.ask.timeoutMs !== undefined) allowed.push('TASK_TIMED_OUT', 'MESSAGE_EXPIRED');
          expect(allowed, `${way.name}: ${JSON.stringify(role.heard)}`).toContain(reasonHeard(role));
          const told = role.heard.slice(0, -1);
          expect(told.map((heard) => 'progress' in heard && heard.sequence)).toEqual(
            told.map((_, i) => i + 1),
          );
        }
      }
      expect(Object.values(await theatre.inFlight())).toEqual([0, 0, 0, 0]);
    });
  });
});
