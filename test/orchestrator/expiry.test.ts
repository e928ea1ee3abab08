import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Expiry } from '../../services/orchestrator/expiry.ts';

/** An Expiry whose keys that expired can be awaited. */
function expiry(afterMs: number) {
  const expired: string[] = [];
  let told = (): void => {};
  const keys = new Expiry<string>({
    afterMs,
    onExpired: (key) => {
      expired.push(key);
      told();
    },
  });
  open.push(keys);
  return {
    keys,
    expired,
    async until(count: number) {
      while (expired.length < count) await new Promise<void>((resolve) => (told = resolve));
    },
  };
}

const open: Expiry<string>[] = [];
afterEach(() => {
  for (const keys of open.splice(0)) keys.clear();
});

describe('keys', () => {
  it('expire in the order in which they were last set', async () => {
    const { keys, expired, until } = expiry(20);
    keys.set('a');
    keys.set('b');
    keys.set('c');
    keys.set('a');
    await until(3);
    expect(expired).toEqual(['b', 'c', 'a']);
    expect(keys.has('a')).toBe(false);
  });

  it('do not expire before the deadline that setting them answered', async () => {
    const { keys, until } = expiry(20);
    const deadline = keys.set('a');
    expect(deadline.expired).toBe(false);
    await until(1);
    expect(deadline.expired).toBe(true);
  });

  it('do not expire once they are deleted or cleared', async () => {
    const { keys, expired, until } = expiry(20);
    keys.set('a');
    keys.clear();
    keys.set('b');
    expect(keys.delete('b')).toBe(true);
    expect(keys.delete('b')).toBe(false);
    keys.set('c');
    await until(1);
    expect(expired).toEqual(['c']);
  });

  it('that are to last for longer than a timer of Node can be set do not wake it at once', () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => set.mockRestore());
    expiry(100 * 24 * 3_600_000).keys.set('a');
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
  });

  it('may be set again by whoever hears that they expired', async () => {
    let rounds = 0;
    await new Promise<void>((resolve) => {
      const keys: Expiry<string> = new Expiry({
        afterMs: 5,
        onExpired: (key) => {
          rounds += 1;
          if (rounds < 3) keys.set(key);
          else resolve();
        },
      });
      keys.set('a');
    });
    expect(rounds).toBe(3);
  });
});
