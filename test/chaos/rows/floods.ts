import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../processes/child.ts';
import { heldTo } from '../bounds.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Flood, IdlePlan } from '../peers/floods.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** How long a task takes where all is well, in milliseconds: more than a busy machine adds by itself. */
const HANDLE_MS = 20;
const MIB = 2 ** 20;
const KINDS: readonly Flood[] = ['reset', 'ping', 'settings', 'continuation', 'bomb'];
/** Over how many connections idle streams are spread. */
const CONNECTIONS = 20;
/** How much longer than it should a flood may take, in milliseconds. */
const MARGIN_MS = 60_000;
/**
 * How long a server works first, then the calm lasts, then each flood, in milliseconds; and how many streams are left
 * idle.
 */
const FULL = { workMs: 5000, calmMs: 5000, floodMs: 5000, streams: 20_000 };
const QUICK = { workMs: 600, calmMs: 400, floodMs: 80, streams: 500 };

/** More than anybody needs, of what costs its sender little. */
export const floods: Row = {
  id: 'floods',
  title: 'Floods',
  fault:
    'rapid reset, PING, SETTINGS, CONTINUATION at ≤ 5 k frames/s, 20 k idle streams, gzip bomb; at the gRPC port and the HTTP door',
  quickFault:
    'rapid reset, PING, SETTINGS, CONTINUATION at ≤ 5 k frames/s, 500 idle streams, gzip bomb; at the gRPC port and the HTTP door',
  must: "≤ +100 MB over a server at work; other clients' p99 ≤ 3 ×",
  alone: true,
  run,
};

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const spans = quick ? QUICK : FULL;
  const mesh = await Mesh.start(stage, {
    instances: { f1: { handleMs: HANDLE_MS } },
    orchestrator: { http: '127.0.0.1:0' },
  });
  const peer = await stage.start('peers/bad-peer-role.ts');
  const load = await mesh.load({ capability: READ, timeoutMs: 5000, perSecond: 200 });
  const doors = { gRPC: mesh.address, HTTP: await mesh.orchestrator.told('http') };
  const flood = (kind: Flood, address: string, forMs: number) =>
    peer.ask('flood', { kind, address, forMs }, forMs + MARGIN_MS);
  const idle = (path: string, address: string) => {
    const plan: IdlePlan = { path, count: spans.streams, connections: CONNECTIONS, forMs: spans.floodMs };
    return peer.ask('idleStreams', { address, ...plan }, spans.floodMs + MARGIN_MS);
  };

  // A server at work: as many calls as the floods have, which are well meant.
  for (const address of Object.values(doors)) await flood('calls', address, spans.workMs);
  const before = await mesh.orchestrator.usage();
  const calmFrom = moment();
  await sleep(spans.calmMs);
  const calmTo = moment();

  const peak = watchMemory(mesh.orchestrator);
  const attacks = Object.entries(doors).flatMap(([door, address]) => [
    ...KINDS.map((kind) => ({ what: `${door}, ${kind}`, attack: () => flood(kind, address, spans.floodMs) })),
    { what: `${door}, idle calls`, attack: () => idle('/grpc.health.v1.Health/Check', address) },
    { what: `${door}, idle links`, attack: () => idle('/troupe.v1.OrchestratorService/Link', address) },
  ]);
  const worst = { p99Ms: 0, what: '' };
  for (const { what, attack } of attacks) {
    const from = moment();
    await attack();
    const p99Ms = (await load.soFar()).startedWithin(from).latencyMs(0.99);
    log(`${what}: p99 ${p99Ms.toFixed(1)} ms, ${(peak.bytes() / MIB).toFixed(0)} MiB at most so far`);
    if (p99Ms > worst.p99Ms) Object.assign(worst, { p99Ms, what });
  }
  peak.stop();
  const calls = await load.stop();
  mesh.close();

  const calm = calls.startedWithin(calmFrom, calmTo).latencyMs(0.99);
  // In a short time there are too few calls in each flood.
  if (quick)
    Object.assign(worst, { p99Ms: calls.startedWithin(calmTo).latencyMs(0.99), what: 'all of them' });
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
