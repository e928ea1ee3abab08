import { expect, it, onTestFinished } from 'vitest';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { caller, mesh } from './mesh.ts';

/** What takes longer each way than a link may be silent. */
const LARGE = 'x'.repeat(3_000_000);
const BYTES_PER_MS = 1200;

it('A large payload on a slow network arrives, both ways, and costs no other task its link', async () => {
  const { address } = await mesh();
  const proxy = await TcpProxy.start(address);
  onTestFinished(() => proxy.close());
  const troupe = caller(proxy.address);
  await troupe.dispatch('echo', 'first');
  proxy.treat({ bytesPerMs: BYTES_PER_MS });
  const answers = await Promise.all([LARGE, 'small'].map((payload) => troupe.dispatch('echo', payload)));
  expect(answers.map(({ payload }) => (payload as string).length)).toEqual([LARGE.length, 'small'.length]);
});
