import dns from 'node:dns';
import { describe, expect, it } from 'vitest';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { startSwitch } from './switch.ts';
import { failure, isLive, TestMesh } from './test-mesh.ts';

describe('an agent that announces itself while the HTTP door is still to open', () => {
  const mesh = new TestMesh();

  /** A member that is registered between the doors: HTTP is not served before `open`, by a name that is slow to look up. */
  async function between(httpPort: number) {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const { lookup } = dns;
    const ask = lookup as (host: string, ...rest: unknown[]) => void;
    const slow = (host: string, ...rest: unknown[]) => {
      if (host === 'localhost') opened.then(() => ask(host, ...rest));
      else ask(host, ...rest);
    };
    dns.lookup = slow as typeof lookup;
    mesh.defer(() => {
      dns.lookup = lookup;
    });

    const { address: listen, close } = await mesh.member();
    close();
    const starting = mesh.orchestrator({ listen, http: `localhost:${httpPort}` });
    starting.catch(() => {});
    const member = await mesh.member();
    const way = await startSwitch(member.address);
    mesh.defer(() => way.close());
    const channel = new Channel(listen);
    mesh.defer(() => channel.close());
    await channel.ready(Deadline.after(10_000));
    const rpc = createClient(OrchestratorService, channel);
    await rpc.register({ agentId: 'stranger', instanceId: 'stranger-1', address: way.address });
    return { starting, rpc, way, open };
  }

  it('is there once it is open', async () => {
    const { starting, rpc, open } = await between(0);
    open();
    await starting;
    expect(isLive((await rpc.getAgent({ agentId: 'stranger' })).agent)).toBe(true);
  });

  it('is let go of where it cannot be opened', async () => {
    const { address } = await mesh.member({ listen: '127.0.0.1:0' });
    const { starting, way, open } = await between(Number(address.split(':').at(-1)));
    expect(way.connections).toBe(1);
    open();
    expect(await failure(starting)).toBe('UNAVAILABLE');
    await expect.poll(() => way.connections).toBe(0);
  });
});
