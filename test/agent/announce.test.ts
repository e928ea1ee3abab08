import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { Announcer, renewalMs } from '../../services/agent/announcer.ts';
import { serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { silent } from '../../services/rpc/log.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';

/** The part of an orchestrator that announcements reach; a lease of nothing refuses them. */
async function registry(leaseMs: number | undefined, listen = '127.0.0.1:0') {
  const granted = { leaseMs };
  const said: string[] = [];
  let told = () => {};
  const say = (what: string) => {
    said.push(what);
    told();
  };
  const handlers: Partial<Handlers<typeof OrchestratorService>> = {
    register: ({ agentId, instanceId, address }) => {
      say(`register ${agentId} ${instanceId} ${address}`);
      if (granted.leaseMs === undefined)
        throw new RpcError(Code.FAILED_PRECONDITION, 'Another instance answers there.');
      return { lease: msToDuration(granted.leaseMs), address };
    },
    deregister: ({ agentId, instanceId }) => {
      say(`deregister ${agentId} ${instanceId}`);
      return {};
    },
  };
  const server = new RpcServer({
    services: [bind(OrchestratorService, handlers as Handlers<typeof OrchestratorService>)],
  });
  const address = await server.listen(listen);
  onTestFinished(() => server.close());
  return {
    server,
    address,
    said,
    /** From now on it refuses. */
    refuse() {
      granted.leaseMs = undefined;
    },
    async until(count: number) {
      while (said.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
    },
  };
}

/** A proxy to a registry, closed after the test. */
async function proxied(address: string) {
  const proxy = await TcpProxy.start(address);
  onTestFinished(() => proxy.close());
  return proxy;
}

const instance = { agentId: 'a', instanceId: 'a-1', address: ':4000' };
const REGISTER = 'register a a-1 :4000';

function announce(address: string, log = silent) {
  const announcer = new Announcer(address, instance, log);
  onTestFinished(() => announcer.leave());
  return announcer;
}

describe('An instance', () => {
  it('announces itself, renews its lease at a third of it, and says good-bye', async () => {
    const orchestrator = await registry(60);
    const announcer = announce(orchestrator.address);
    await orchestrator.until(4);
    await announcer.leave();
    expect(orchestrator.said.slice(0, -1).every((said) => said === REGISTER)).toBe(true);
    expect(orchestrator.said.at(-1)).toBe('deregister a a-1');
  });

  it.each([
    ['15 s', 15_000, 5000],
    ['nothing', 0, 100],
    ['less than nothing', -1000, 100],
    ['100 days', 8_640_000_000, 3_600_000],
    ['as long as a Duration can be', 315_576_000_000_000, 3_600_000],
  ])('whose lease is %s renews it after a third, between 100 ms and an hour', (_, leaseMs, afterMs) => {
    expect(renewalMs(leaseMs)).toBe(afterMs);
  });

  it('whose lease is longer than a timer of Node can be set announces itself once', async () => {
    const orchestrator = await registry(100 * 24 * 3_600_000);
    const announcer = announce(orchestrator.address);
    await orchestrator.until(1);
    const channel = new Channel(orchestrator.address);
    const health = createClient(Health, channel);
    for (let round = 0; round < 20; round++) await health.check({});
    channel.close();
    await announcer.leave();
    expect(orchestrator.said).toEqual([REGISTER, 'deregister a a-1']);
  });

  it('says good-bye though the last renewal of its lease failed', async () => {
    const orchestrator = await registry(60);
    const announcer = announce(orchestrator.address);
    await orchestrator.until(1);
    orchestrator.refuse();
    // At the third, the second has been answered.
    await orchestrator.until(3);
    await announcer.leave();
    expect(orchestrator.said.at(-1)).toBe('deregister a a-1');
  });

  it('announces itself anew as soon as an orchestrator comes back on its port', async () => {
    const first = await registry(60_000);
    announce(first.address);
    await first.until(1);
    await first.server.close();
    const second = await registry(60_000, first.address);
    await second.until(1);
    expect(second.said).toEqual([REGISTER]);
  });

  it('announces itself over another connection where the one that it has is dead without a word', async () => {
    const orchestrator = await registry(300);
    const proxy = await proxied(orchestrator.address);
    announce(proxy.address);
    await orchestrator.until(2);
    proxy.strand();
    const { length } = orchestrator.said;
    await orchestrator.until(length + 3);
    expect(proxy.opened).toBe(2);
  }, 20_000);

  it('waits for an orchestrator that is not there yet, and says so aloud only once', async () => {
    const lines: { level: number; msg: string }[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const refusing = await registry(undefined);
    announce(refusing.address, log);
    await refusing.until(3);
    const said = lines.map(({ level, msg }) => [pino.levels.labels[level], msg]);
    expect(said.slice(0, 2)).toEqual([
      ['warn', 'not announced: trying again'],
      ['debug', 'not announced: trying again'],
    ]);
  });

  it('is on the roster of each of its orchestrators, and of none once it has drained', async () => {
    const orchestrators = [
      await startOrchestrator({ listen: '127.0.0.1:0' }),
      await startOrchestrator({ listen: '127.0.0.1:0' }),
    ];
    const troupes = orchestrators.map(({ address }) => new Troupe(address));
    const agent = await serveAgent(
      { id: 'echo', capabilities: { echo: { handle: (input) => input } } },
      { orchestrators: orchestrators.map(({ address }) => address) },
    );
    onTestFinished(async () => {
      for (const troupe of troupes) troupe.close();
      await Promise.all([agent, ...orchestrators].map((end) => end.close()));
    });
    for (const troupe of troupes) expect((await troupe.dispatch('echo', 1)).payload).toBe(1);
    await agent.drain();
    for (const troupe of troupes) {
      const { orchestrator } = await troupe.reach();
      expect((await orchestrator.listAgents({})).agents).toEqual([]);
    }
  });
});
