import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Code } from '../../services/rpc/code.ts';
import { Feed, type FeedOptions } from '../../services/rpc/feed.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';

const tooSlow = new RpcError(Code.RESOURCE_EXHAUSTED, 'too slow');

function feedOf(options: Partial<FeedOptions<number>> = {}): Feed<number> {
  return new Feed({ overflow: () => tooSlow, ...options });
}

/** What a consumer gets to the end, and what the feed failed with. */
async function drain(feed: Feed<number>): Promise<{ items: number[]; error?: unknown }> {
  const items: number[] = [];
  try {
    for await (const item of feed) items.push(item);
    return { items };
  } catch (error) {
    return { items, error };
  }
}

describe('a feed', () => {
  it('hands over what was pushed before and after the consumer came, in order', async () => {
    const feed = feedOf();
    feed.push(1);
    feed.push(2);
    const drained = drain(feed);
    await Promise.resolve();
    feed.push(3);
    feed.push(4);
    feed.end();
    expect(await drained).toEqual({ items: [1, 2, 3, 4] });
  });

  it('wakes every reader that waits, each with its own item, and ends the rest', async () => {
    const feed = feedOf();
    const reads = [feed.next(), feed.next(), feed.next()];
    feed.push(1);
    feed.push(2);
    feed.end();
    expect(await Promise.all(reads)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true, value: undefined },
    ]);
  });

  it('fails after what waits, once, and is then at its end', async () => {
    const feed = feedOf();
    const error = new Error('source broke');
    feed.push(1);
    feed.fail(error);
    expect(await drain(feed)).toEqual({ items: [1], error });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
  });

  it('gives its snapshot first, without counting it', async () => {
    const feed = feedOf({ limit: 2, first: [1, 2, 3] });
    feed.push(4);
    feed.push(5);
    feed.end();
    expect(await drain(feed)).toEqual({ items: [1, 2, 3, 4, 5] });
  });

  it('takes nothing once it is closed', () => {
    const feed = feedOf();
    feed.end();
    feed.fail(new Error('late'));
    expect(feed.push(1)).toBe(false);
    expect(feed.closed).toBe(true);
  });

  it('keeps to the order of pushes and loses nothing, however pushes and reads mix', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (steps) => {
        const feed = feedOf();
        const reads: Promise<IteratorResult<number, undefined>>[] = [];
        let pushed = 0;
        for (const push of steps) {
          if (push) feed.push(pushed++);
          else reads.push(feed.next());
        }
        feed.end();
        const results = await Promise.all(reads);
        const read = results.flatMap((result) => (result.done ? [] : [result.value]));
        const { items } = await drain(feed);
        expect([...read, ...items]).toEqual(Array.from({ length: pushed }, (_, index) => index));
      }),
    );
  });
});

describe('a feed that is full', () => {
  it('drops what waits and fails at once with the error of its owner', async () => {
    const feed = feedOf({ limit: 2 });
    expect([feed.push(1), feed.push(2), feed.push(3), feed.push(4)]).toEqual([true, true, false, false]);
    expect(await drain(feed)).toEqual({ items: [], error: tooSlow });
  });

  it('counts sizes as well as items, and frees them as they are read', async () => {
    const feed = feedOf({ sizeLimit: 10 });
    feed.push(1, 6);
    feed.push(2, 4);
    await feed.next();
    expect(feed.push(3, 6)).toBe(true);
    expect(feed.push(4, 1)).toBe(false);
    expect(await drain(feed)).toEqual({ items: [], error: tooSlow });
  });

  it('takes an item over its size limit where nothing waits', async () => {
    const feed = feedOf({ sizeLimit: 10 });
    expect(feed.push(1, 11)).toBe(true);
    expect(feed.push(2, 0)).toBe(false);
    const empty = feedOf({ sizeLimit: 10 });
    expect(empty.push(1, 11)).toBe(true);
    empty.end();
    expect(await drain(empty)).toEqual({ items: [1] });
  });

  it('still takes its last item', async () => {
    const feed = feedOf({ limit: 1 });
    feed.push(1);
    feed.end(2);
    expect(await drain(feed)).toEqual({ items: [1, 2] });
  });

  it('fails with the error of its owner even where the owner ends the source meanwhile', async () => {
    const feed: Feed<number> = feedOf({
      limit: 1,
      overflow: () => {
        feed.fail(new Error('source cancelled'));
        return tooSlow;
      },
    });
    feed.push(1);
    feed.push(2);
    expect(await drain(feed)).toEqual({ items: [], error: tooSlow });
  });

  it('asks its owner for the error once', () => {
    let asked = 0;
    const feed = feedOf({ limit: 1, overflow: () => ++asked });
    for (const item of [1, 2, 3, 4]) feed.push(item);
    expect(asked).toBe(1);
  });
});

describe('a feed with a signal', () => {
  it('drops what waits and fails with the reason of the abort', async () => {
    const controller = new AbortController();
    const feed = feedOf({ signal: controller.signal, first: [0] });
    feed.push(1);
    controller.abort(tooSlow);
    expect(await drain(feed)).toEqual({ items: [], error: tooSlow });
  });

  it('wakes a consumer that waits', async () => {
    const controller = new AbortController();
    const drained = drain(feedOf({ signal: controller.signal }));
    await Promise.resolve();
    controller.abort(tooSlow);
    expect(await drained).toEqual({ items: [], error: tooSlow });
  });

  it('leaves no listener on it once it is closed', () => {
    const { signal } = new AbortController();
    const feed = feedOf({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    feed.end();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('fails where the signal was aborted before, and tells its owner only after it was made', async () => {
    const feeds = new Set<Feed<number>>();
    const signal = AbortSignal.abort(tooSlow);
    const feed: Feed<number> = feedOf({ signal, onClose: () => feeds.delete(feed) });
    feeds.add(feed);
    expect(await drain(feed)).toEqual({ items: [], error: tooSlow });
    expect(feeds.size).toBe(0);
  });
});

describe('a feed that its consumer leaves', () => {
  it('drops what waits, takes no more and tells its owner', async () => {
    let closed = 0;
    const feed = feedOf({ onClose: () => closed++ });
    feed.push(1);
    feed.push(2);
    for await (const item of feed) {
      expect(item).toBe(1);
      break;
    }
    expect(closed).toBe(1);
    expect(feed.push(3)).toBe(false);
    expect(await feed.next()).toEqual({ done: true, value: undefined });
  });

  it('ends a read that still waits', async () => {
    const feed = feedOf();
    const read = feed.next();
    await feed.return();
    expect(await read).toEqual({ done: true, value: undefined });
  });

  it.each<[string, (feed: Feed<number>) => unknown]>([
    ['ended', (feed) => feed.end()],
    ['failed', (feed) => feed.fail(new Error('broke'))],
    ['flooded', (feed) => [1, 2, 3].map((item) => feed.push(item))],
    ['left', (feed) => feed.return()],
  ])('tells its owner once when it was %s and left again', async (_, close) => {
    let closed = 0;
    const feed = feedOf({ limit: 1, onClose: () => closed++ });
    close(feed);
    await feed.return();
    expect(closed).toBe(1);
  });
});
