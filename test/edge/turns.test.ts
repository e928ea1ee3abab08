import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from '../../services/edge/turns.ts';

it('Of many at once a few are begun in each turn of the event loop, in the order in which they came', async () => {
  const turns = new Turns();
  const begun: number[] = [];
  for (let n = 1; n <= 10; n++) void turns.next().then(() => begun.push(n));
  const perTurn: number[][] = [];
  while (perTurn.flat().length < 10) {
    await nextTurn();
    perTurn.push(begun.splice(0));
  }
  expect(perTurn.filter(({ length }) => length > 0)).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10],
  ]);
});

it('Whoever comes after all have begun is begun in the next turn', async () => {
  const turns = new Turns();
  await turns.next();
  await turns.next();
});
