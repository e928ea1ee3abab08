import { describe, expect, it } from 'vitest';
import * as agent from '../../services/agent/index.ts';
import * as client from '../../services/client/index.ts';
import { type SetOptions, Troupe } from '../../services/client/index.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { refusal } from '../protocol/refusal.ts';
import { vacantAddress } from '../rpc/listeners.ts';
import { caller } from './mesh.ts';

const TIME = 'it must be a number of milliseconds from 0: leave it out for the default';

/** What else takes some time that its caller bounds. */
function waysWithoutTask(troupe: Troupe, options: { timeoutMs: number }): (() => Promise<unknown>)[] {
  return [
    () => troupe.explain('echo', options),
    () => Array.fromAsync(troupe.run({ name: 'p' }, 1, options)),
    () => troupe.state.get('key', options),
    () => troupe.state.set('key', 1, options),
    () => Array.fromAsync(troupe.state.watch('', options)),
  ];
}

describe('An option of a task', () => {
  it.each<[object, string, string]>([
    [{ timeoutMs: Number.NaN }, 'timeoutMs', `is NaN: ${TIME}`],
    [{ timeoutMs: -1 }, 'timeoutMs', `is -1: ${TIME}`],
    [{ timeoutMs: '5s' }, 'timeoutMs', `is '5s': ${TIME}`],
    [{ timeoutMs: '5' }, 'timeoutMs', `is '5': ${TIME}`],
    [{ timeoutMs: null }, 'timeoutMs', `is null: ${TIME}`],
    [{ timeoutMs: 5n }, 'timeoutMs', `is 5n: ${TIME}`],
    [{ headers: { tries: 5 } }, 'headers.tries', 'is 5: it must be a text'],
    [{ headers: { fine: 'x', 'a b': undefined } }, 'headers["a b"]', 'is undefined: it must be a text'],
    [{ headers: { tags: ['a'] } }, 'headers.tags', "is [ 'a' ]: it must be a text"],
  ])('that is %o is refused before anything is sent, however it is asked', async (options, field, says) => {
    const troupe = caller(await vacantAddress());
    const ways = [
      () => troupe.dispatch('echo', 1, options),
      () => troupe.send('worker', 1, options),
      () => Array.fromAsync(troupe.dispatchStream('echo', 1, options)),
      () => Array.fromAsync(troupe.broadcast(1, options)),
      ...('timeoutMs' in options ? waysWithoutTask(troupe, options as { timeoutMs: number }) : []),
    ];
    for (const way of ways) {
      expect(await refusal(way)).toEqual({
        reason: 'INVALID_MESSAGE',
        text: `The option ${field} ${says}`,
        fields: [field],
      });
    }
  });
});

describe('An option of an entry', () => {
  it.each<[unknown, string]>([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['5s', "'5s'"],
  ])('that says to keep it for %o is refused before anything is sent', async (ttlMs, shown) => {
    const { state } = caller(await vacantAddress());
    expect(await refusal(() => state.set('key', 1, { ttlMs } as SetOptions))).toEqual({
      reason: 'INVALID_MESSAGE',
      text: `The option ttlMs is ${shown}: it must be a number of milliseconds: leave it out to keep the entry`,
      fields: ['ttlMs'],
    });
  });
});

describe('An option of a connection', () => {
  it('that is no time is refused where the caller is made', async () => {
    expect(await refusal(() => new Troupe('127.0.0.1:1', { reachMs: Number.NaN }))).toEqual({
      reason: 'INVALID_MESSAGE',
      text: `The option reachMs is NaN: ${TIME}`,
      fields: ['reachMs'],
    });
  });
});

describe('Whoever catches a failure', () => {
  it.each([
    ['of a caller', client],
    ['of an agent', agent],
  ])('%s has what tells its reason: RpcError, Code and reasonOf', (_, room) => {
    expect(room).toMatchObject({ RpcError, Code, reasonOf });
  });
});
