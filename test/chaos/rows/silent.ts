import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/**
 * A call that waited for an address that stays silent would take longer, in milliseconds: dialling is given up after
 * 2 s.
 */
const WAITED_MS = 1000;

/** Two addresses that take connections and do not speak HTTP/2, beside an instance that is well. */
export const silent: Row = {
  id: 'silent',
  title: 'An address takes connections, and is no member',
  fault: 'accepts TCP, never speaks HTTP/2; TLS-less garbage',
  must: 'usable ≤ 5 s after it heals; others unaffected (0 failed, none waits 1 s)',
  run,
};

async function run({ quick, stage }: RowContext): Promise<Seen> {
  const proxies = { m1: await TcpProxy.start(), m2: await TcpProxy.start() };
  try {
    proxies.m1.treat({ accept: 'silent' });
    proxies.m2.treat({ accept: 'garbage' });
    const mesh = await Mesh.start(stage, {
      instances: { w1: {} },
      orchestrator: { static: [proxies.m1.address, proxies.m2.address] },
    });
    for (const [id, proxy] of Object.entries(proxies)) {
      proxy.leadTo(await (await mesh.startInstance(id, { orchestrators: [] })).told('address'));
    }
    const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 100 });
    await sleep(quick ? 300 : 2000);
    const from = moment();
    await sleep(quick ? 2500 : 20_000);
    const healedAt = moment();
    for (const proxy of Object.values(proxies)) proxy.treat({});
    const live = await Promise.all(Object.keys(proxies).map((id) => mesh.roster.until(id, 'live', 10_000)));
    await sleep(quick ? 800 : 5000);
    const calls = await load.stop();
    mesh.close();

    const firstOf = (id: string) =>
      Math.min(...calls.ok.calls.filter(({ instance }) => instance === id).map(({ end }) => end));
    const during = calls.startedWithin(from, healedAt);
    const after = calls.startedWithin(Math.max(...live));
    return heldTo(
      [
        {
          name: 'usableMs',
          what: 'on the roster and at work after it healed',
          figure: Math.max(...live, ...Object.keys(proxies).map(firstOf)) - healedAt,
          unit: 'ms',
          most: 5000,
        },
        {
          name: 'failed',
          what: `calls to the other failed of ${during.count}`,
          figure: during.failed.count + during.unknown.count,
          most: 0,
        },
        {
          name: 'longestMs',
          what: 'the longest of them',
          figure: during.latencyMs(1),
          unit: 'ms',
          most: WAITED_MS,
        },
      ],
      {
        p99Ms: during.latencyMs(0.99),
        p99AfterMs: after.latencyMs(0.99),
        dialled: proxies.m1.opened + proxies.m2.opened,
      },
    );
  } finally {
    for (const proxy of Object.values(proxies)) proxy.close();
  }
}
