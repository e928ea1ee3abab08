import { getEventListeners } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../services/rpc/until-aborted.ts';
import { writeObjects } from '../../services/rpc/write-objects.ts';

/** Yields 1, 2, 3 … and notes how far it got, and that it was ended. */
function counting() {
  const state = { yielded: 0, ended: false };
  async function* numbers() {
    try {
      while (true) yield ++state.yielded;
    } finally {
      state.ended = true;
    }
  }
  return { state, numbers: numbers() };
}

/** A source that never yields again, and cannot be interrupted. */
async function* stuck(): AsyncGenerator<number, void> {
  yield 1;
  await new Promise(() => {});
}

describe('Writing to a stream', () => {
  it('takes the next object only when all but one have left', async () => {
    const leave: (() => void)[] = [];
    const stream = new Writable({ objectMode: true, write: (_, __, left) => void leave.push(left) });
    const { state, numbers } = counting();
    const ended = new AbortController();
    const writing = writeObjects(stream, numbers, ended.signal);
    for (let n = 1; n <= 3; n++) {
      await turn();
      expect(state.yielded).toBe(n + 1);
      leave.shift()?.();
    }
    ended.abort();
    await writing;
    await turn();
    expect(state.ended).toBe(true);
    expect(getEventListeners(ended.signal, 'abort')).toEqual([]);
  });

  it('ends when the signal aborts, though the stream never takes what it was given', async () => {
    const stream = new Writable({ objectMode: true, write: () => {} });
    const ended = new AbortController();
    const writing = writeObjects(stream, counting().numbers, ended.signal);
    await turn();
    ended.abort();
    await writing;
  });

  it('ends when the signal aborts, though the source never yields again', async () => {
    const stream = new Writable({ objectMode: true, write: (_, __, left) => left() });
    const ended = new AbortController();
    const writing = writeObjects(stream, stuck(), ended.signal);
    await turn();
    ended.abort();
    await writing;
  });

  it('fails as its source does', async () => {
    const stream = new Writable({ objectMode: true, write: (_, __, left) => left() });
    const failing = (async function* () {
      yield 1;
      throw new Error('dry');
    })();
    await expect(writeObjects(stream, failing, new AbortController().signal)).rejects.toThrow('dry');
  });
});

describe('What is handed on until a signal aborts', () => {
  it('ends without an error then, and ends its source', async () => {
    const { state, numbers } = counting();
    const ended = new AbortController();
    const seen: number[] = [];
    for await (const number of untilAborted(numbers, ended.signal)) {
      if (seen.push(number) === 3) ended.abort();
    }
    expect(seen).toEqual([1, 2, 3]);
    await turn();
    expect(state).toEqual({ yielded: 3, ended: true });
  });

  it('is nothing where the signal was aborted before', async () => {
    const { state, numbers } = counting();
    expect(await Array.fromAsync(untilAborted(numbers, AbortSignal.abort()))).toEqual([]);
    expect(state.yielded).toBe(0);
  });
});
