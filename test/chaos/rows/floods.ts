import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../processes/child.ts';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** How long a task takes where all is well, in milliseconds: more than a busy machine adds by itself. */
const HANDLE_MS = 20;
const MIB = 2 ** 20;

/** More than anybody needs, of what costs its sender little. */
export const floods: Row = {
  id: 'floods',
  title: 'Floods',
  fault:
    'rapid reset, PING, SETTINGS, CONTINUATION at ≤ 5 k frames/s, 20 k idle streams, gzip bomb; at the gRPC port and the HTTP door',
  must: "≤ +100 MB over a server at work; other clients' p99 ≤ 3 ×",
  alone: true,
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const forMs = quick ? 150 : 10_000;
  const streams = quick ? 2000 : 20_000;
  const mesh = await Mesh.start(stage, {
    instances: { f1: { handleMs: HANDLE_MS } },
    orchestrator: { http: '127.0.0.1:0' },
  });
  const peer = await stage.start('peers/bad-peer-role.ts');
  const flood = (kind: string, address: string) =>
    peer.ask(
      'flood',
      { kind, address, forMs: kind === 'calls' ? Math.max(forMs, 500) : forMs },
      forMs + 60_000,
    );
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 100 });
  const doors = { gRPC: mesh.address, HTTP: await mesh.orchestrator.told('http') };

  // A server at work: as many calls as the floods have, which are well meant.
  for (const address of Object.values(doors)) await flood('calls', address);
  const before = await mesh.orchestrator.usage();
  const calmFrom = moment();
  await sleep(quick ? 700 : 5000);
  const calmTo = moment();

  const peak = watchMemory(mesh.orchestrator);
  const worst = { p99Ms: 0, what: '' };
  for (const [door, address] of Object.entries(doors)) {
    const idle = (path: string, connections: number) =>
      peer.ask('idleStreams', { address, path, count: streams, connections, forMs }, forMs + 60_000);
    const plans: [string, () => Promise<unknown>][] = [
      ...['reset', 'ping', 'settings', 'continuation', 'bomb'].map(
        (kind) => [kind, () => flood(kind, address)] as [string, () => Promise<unknown>],
      ),
      ['idle streams', () => idle('/grpc.health.v1.Health/Check', 20)],
      ['idle links', () => idle('/troupe.v1.OrchestratorService/Link', 20)],
    ];
    for (const [what, attack] of plans) {
      const from = moment();
      await attack();
      const p99Ms = (await load.soFar()).startedWithin(from).latencyMs(0.99);
      log(
        `${door}, ${what}: p99 ${p99Ms.toFixed(1)} ms, ${(peak.bytes() / MIB).toFixed(0)} MiB at most so far`,
      );
      if (p99Ms > worst.p99Ms) Object.assign(worst, { p99Ms, what: `${door}, ${what}` });
    }
  }
  peak.stop();
  const calls = await load.stop();
  mesh.close();

  const calm = calls.startedWithin(calmFrom, calmTo).latencyMs(0.99);
  return heldTo(
    [
      {
        name: 'grownMiB',
        what: 'memory grown by',
        figure: (peak.bytes() - before.rssBytes) / MIB,
        unit: 'MiB',
        most: 100,
      },
      {
        name: 'timesCalmP99',
        what: `p99 ${worst.p99Ms.toFixed(1)} ms in the worst flood (${worst.what}), ${calm.toFixed(1)} ms before, that is`,
        figure: worst.p99Ms / calm,
        unit: '×',
        most: 3,
      },
      { name: 'failed', what: `failed of ${calls.count}`, figure: calls.count - calls.ok.count, most: 0 },
    ],
    { atWorkMiB: before.rssBytes / MIB, calmP99Ms: calm, worstP99Ms: worst.p99Ms },
  );
}

/** Looks at the memory of a process ten times a second. */
function watchMemory(child: Child) {
  let most = 0;
  let stopped = false;
  void (async () => {
    while (!stopped) {
      const { rssBytes } = await child.usage().catch(() => ({ rssBytes: Number.NaN }));
      most = Math.max(most, rssBytes);
      await sleep(100);
    }
  })();
  return {
    bytes: () => most,
    stop() {
      stopped = true;
    },
  };
}
