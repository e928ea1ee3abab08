import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { Stage } from '../processes/stage.ts';
import type { Outcome, Row, RowContext } from './row.ts';
import { runRows } from './run-rows.ts';

const FIXTURE = resolve(import.meta.dirname, '../processes/fixture.ts');

function row(id: string, run: (context: RowContext) => Promise<Outcome>, alone = false): Row {
  return { id, title: id, fault: 'a fault', must: 'hold', alone, run };
}

function run(rows: readonly Row[], stages: Stage[] = []) {
  return runRows(rows, {
    quick: true,
    env: process.env,
    sideBySide: 2,
    tell: () => {},
    staged: (stage) => void stages.push(stage),
  });
}

const met = { seen: 'it held', figures: { n: 1 }, met: true };

it('reports rows in their own order, and those that were skipped by name', async () => {
  const { rows, skipped } = await run([
    row('a', async () => met, true),
    row('b', async () => ({ skipped: 'there is no b' })),
    row('c', async () => met),
  ]);
  expect(rows.map(({ id }) => id)).toEqual(['a', 'c']);
  expect(rows[0]).toMatchObject({ title: 'a', fault: 'a fault', must: 'hold', ...met });
  expect(skipped).toEqual([{ id: 'b', why: 'there is no b' }]);
});

it('tells what was done in this run: a short one does less', async () => {
  const told: string[] = [];
  const rows = [{ ...row('a', async () => met), fault: '30 kills', quickFault: '3 kills' }];
  const options = {
    env: process.env,
    sideBySide: 1,
    staged: () => {},
    tell: (line: string) => void told.push(line),
  };
  const short = await runRows(rows, { ...options, quick: true });
  const whole = await runRows(rows, { ...options, quick: false });
  expect([...short.rows, ...whole.rows].map(({ fault }) => fault)).toEqual(['3 kills', '30 kills']);
  expect(told).toEqual(['a: 3 kills', 'a: met: it held', 'a: 30 kills', 'a: met: it held']);
});

it('runs rows side by side, and nothing beside one that must be alone', async () => {
  const running = new Set<string>();
  const beside = new Map<string, Set<string>>();
  const second = Promise.withResolvers<void>();
  const note = (id: string) => {
    running.add(id);
    for (const one of running) beside.set(one, new Set([...(beside.get(one) ?? []), ...running]));
  };
  const rows = [
    row(
      'alone',
      async () => {
        note('alone');
        await new Promise(setImmediate);
        running.delete('alone');
        return met;
      },
      true,
    ),
    row('first', async () => {
      note('first');
      await second.promise;
      running.delete('first');
      return met;
    }),
    row('second', async () => {
      note('second');
      second.resolve();
      running.delete('second');
      return met;
    }),
  ];
  await run(rows);
  expect(beside.get('first')).toEqual(new Set(['first', 'second']));
  expect(beside.get('alone')).toEqual(new Set(['alone']));
});

it('a row that fails misses, and says why', async () => {
  const { rows } = await run([
    row('a', async () => {
      throw new Error('it could not tell');
    }),
  ]);
  expect(rows[0]).toMatchObject({ met: false, figures: {} });
  expect(rows[0]?.seen).toContain('the row itself failed: Error: it could not tell');
});

it('ends the processes of a row, also one that is stopped', async () => {
  let pid = 0;
  await run([
    row('a', async ({ stage }) => {
      const child = await stage.start(FIXTURE);
      pid = await child.told<number>('pid');
      child.signal('SIGSTOP');
      return met;
    }),
  ]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
