import { describe, expect, it } from 'vitest';
import { RpcError, reasonOf, Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { Code } from '../../services/rpc/code.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { silentServer, vacantAddress } from '../rpc/listeners.ts';
import { caller, mesh, withoutLink, worker } from './mesh.ts';

describe('A caller with several orchestrators', () => {
  it('uses the first that answers, for every call at once', async () => {
    const { address } = await mesh();
    const troupe = caller([await vacantAddress(), address]);
    const results = await Promise.all([1, 2, 3].map((n) => troupe.dispatch('echo', n)));
    expect(results.map(({ payload }) => payload)).toEqual([1, 2, 3]);
    expect((await troupe.reach()).address).toBe(address);
  });

  it('passes over one that takes the connection and says nothing', async () => {
    const { address } = await mesh();
    expect((await caller([(await silentServer()).address, address]).dispatch('echo', 1)).payload).toBe(1);
  });

  it('goes on to the next when the one that it used is gone', async () => {
    const first = await startOrchestrator({ listen: '127.0.0.1:0' });
    const { address } = await mesh();
    const troupe = caller([first.address, address]);
    expect((await troupe.reach()).address).toBe(first.address);
    await first.close();
    expect((await troupe.dispatch('echo', 1)).payload).toBe(1);
  });

  it('goes on to the next when the one that it used is about to leave', async () => {
    const started = Promise.withResolvers<void>();
    const { address: second } = await mesh();
    const { address, orchestrator } = await mesh(worker(() => started.resolve()));
    const troupe = caller([address, second]);
    const hanging = troupe.dispatch('hang', null, { timeoutMs: 1500 });
    await started.promise;
    const drained = orchestrator.drain();
    while ((await troupe.reach()).address === address) await new Promise((resolve) => setImmediate(resolve));
    expect((await troupe.dispatch('echo', 1)).payload).toBe(1);
    expect(await reasonIn(hanging)).toBe('TASK_TIMED_OUT');
    await drained;
  });
});

describe('A caller that reaches nobody', () => {
  it('fails UNAVAILABLE and says where', async () => {
    const address = await vacantAddress();
    const troupe = caller([await vacantAddress(), address], { reachMs: 0 });
    const error = await failureOf(troupe.dispatch('echo', 1));
    expect(error.code).toBe(Code.UNAVAILABLE);
    expect(error.message).toContain(`Nobody answers at ${address}`);
    expect(reasonOf(error)).toBe('NO_LIVE_INSTANCE');
    expect((await failureOf(troupe.state.get('key'))).code).toBe(Code.UNAVAILABLE);
  });

  it('fails when its own time is up, or it is cancelled, and waits no longer', async () => {
    const troupe = caller((await silentServer()).address);
    const timedOut = await failureOf(troupe.dispatch('echo', 1, { timeoutMs: 50 }));
    expect(timedOut.code).toBe(Code.DEADLINE_EXCEEDED);
    const signal = AbortSignal.timeout(50);
    expect((await failureOf(troupe.dispatch('echo', 1, { signal }))).code).toBe(Code.DEADLINE_EXCEEDED);
    expect(await reasonIn(troupe.dispatch('echo', 1, { signal: AbortSignal.abort() }))).toBe(
      'TASK_CANCELLED',
    );
  });

  it('says UNAVAILABLE of an orchestrator that took too long, while its own time is not up', async () => {
    const error = await failureOf(
      caller((await silentServer()).address, { reachMs: 0 }).reach(Deadline.after(60_000)),
    );
    expect(error.code).toBe(Code.UNAVAILABLE);
  });

  it('fails NO_ORCHESTRATOR where none is configured', async () => {
    const error = await failureOf(caller([]).dispatch('echo', 1));
    expect(reasonOf(error)).toBe('NO_ORCHESTRATOR');
    expect(error.message).toMatch(/Give Troupe its address .*, or start the agent with TROUPE_ORCHESTRATORS/);
  });
});

describe('The address of an orchestrator', () => {
  it.each<[unknown, string]>([
    ['http://localhost:50051', '"http://localhost:50051" is no address: write host:port'],
    ['localhost', '"localhost" is no address: write host:port'],
    ['localhost:0', '"localhost:0" has a port that is not 1 to 65535'],
    ['::1:50051', '"::1:50051" is no address: write host:port, with an IPv6 host in brackets'],
    ['', '"" is no address: write host:port'],
    [['localhost:1', ':2'], '":2" names no host: write host:port'],
    [undefined, '"undefined" is no address: write host:port'],
  ])('%j is refused at once, in the words of the command line', (addresses, says) => {
    const refused = () => new Troupe(addresses as string);
    expect(refused).toThrow(RpcError);
    expect(refused).toThrow(`The address of an orchestrator cannot be dialled: ${says}`);
  });

  it.each([
    'localhost:50051',
    'Orchestrator.troupe.svc.cluster.local:50051',
    'my_container:1',
    '127.0.0.1:65535',
    '[::1]:50051',
    '[fe80::1%eth0]:50051',
  ])('may be %s', (address) => {
    expect(() => new Troupe([address]).close()).not.toThrow();
  });

  it.each([
    ['localhost', 'names'],
    ['127.0.0.1', 'IPv4 addresses'],
  ])('reaches it as %s, by %s', async (host) => {
    const { address } = await mesh();
    const port = address.slice(address.lastIndexOf(':'));
    expect((await caller(`${host}${port}`).dispatch('echo', 1)).payload).toBe(1);
  });
});

describe('A caller that closes', () => {
  it.each([
    ['dispatch', 'over a link', async (address: string) => address],
    ['dispatch', 'without a link', async (address: string) => (await withoutLink(address)).address],
    ['run', 'by its RPC', async (address: string) => address],
  ] as const)(
    'still gets what it has in flight by %s %s, and leaves no connection',
    async (how, _, reach) => {
      const going = Promise.withResolvers<string>();
      const started = Promise.withResolvers<void>();
      const { address, orchestrator } = await mesh({
        id: 'worker',
        capabilities: {
          work: {
            handle: () => {
              started.resolve();
              return going.promise;
            },
          },
        },
      });
      const troupe = new Troupe(await reach(address));
      const pipeline = { name: 'p', steps: [{ name: 's', capability: 'work' }] };
      const asked =
        how === 'dispatch' ? troupe.dispatch('work', null) : Array.fromAsync(troupe.run(pipeline, null));
      await started.promise;
      troupe.close();
      going.resolve('finished');
      expect(JSON.stringify(await asked, (_, value) => (typeof value === 'bigint' ? 0 : value))).toContain(
        'finished',
      );
      expect((await failureOf(troupe.dispatch('work', null))).message).toContain('closed at this end');
      // It would wait for the link of a caller that is still there.
      await orchestrator.drain(60_000);
    },
  );

  it('may do so before it has connected, and twice', async () => {
    const { address } = await mesh();
    const troupe = new Troupe(address);
    troupe.close();
    troupe.close();
    expect((await failureOf(troupe.dispatch('echo', 1))).code).toBe(Code.UNAVAILABLE);
  });
});
