import { describe, expect, it, onTestFinished } from 'vitest';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { reasonIn } from '../protocol/link/messages.ts';
import { caller, mesh } from './mesh.ts';

/** A mesh behind a proxy, and a caller that has done a task through it. */
async function connected(further: readonly string[] = []) {
  const { address } = await mesh();
  const proxy = await TcpProxy.start(address);
  onTestFinished(() => proxy.close());
  const troupe = caller([proxy.address, ...further]);
  await troupe.dispatch('echo', 'first');
  return { troupe, proxy };
}

describe('A caller whose connection is dead without a word', () => {
  it('makes another one once a task has waited in vain', async () => {
    const { troupe, proxy } = await connected();
    proxy.strand();
    expect(await reasonIn(troupe.dispatch('echo', 1))).toBe('INSTANCE_LOST');
    expect((await troupe.dispatch('echo', 2)).payload).toBe(2);
    expect(proxy.opened).toBe(2);
  });

  it('makes another one once calls have waited in vain for 2 s, be it one after the other', async () => {
    const { troupe, proxy } = await connected();
    await troupe.state.set('key', 1);
    proxy.strand();
    const waits = async () => {
      const got = await troupe.state.get('key', { timeoutMs: 800 }).catch(() => undefined);
      return got?.value;
    };
    expect([await waits(), await waits(), await waits(), await waits()]).toEqual([
      undefined,
      undefined,
      undefined,
      1,
    ]);
  });
});

describe('A caller whose orchestrator is frozen', () => {
  it('loses what was on its way to it, and goes on to the next', async () => {
    const { address: second } = await mesh();
    const { troupe, proxy } = await connected([second]);
    // What a stopped process is to others: the kernel takes its connections, and nothing is ever said.
    proxy.treat({ hold: 'both', accept: 'silent' });
    expect(await reasonIn(troupe.dispatch('echo', 1))).toBe('INSTANCE_LOST');
    const tasks = Array.from({ length: 20 }, (_, n) => troupe.dispatch('echo', n));
    expect((await Promise.all(tasks)).map(({ payload }) => payload)).toEqual([...Array(20).keys()]);
    expect((await troupe.reach()).address).toBe(second);
  });
});
