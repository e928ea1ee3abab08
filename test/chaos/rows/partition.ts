import { setTimeout as sleep } from 'node:timers/promises';
import { heldTo } from '../bounds.ts';
import type { Call } from '../history/call.ts';
import { moment } from '../history/clock.ts';
import type { History } from '../history/history.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Treatment } from '../proxy/treatment.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const TIMEOUT_MS = 1000;
/** What is held back of whom: between the orchestrator, which dials, and an instance; and of a caller, which dials. */
const HELD: Readonly<Record<string, Treatment['hold']>> = {
  p1: 'both',
  p2: 'from-dialler',
  p3: 'from-dialled',
};

/** Members that do not hear each other, both ways and one way, while their connections seem to stand. */
export const partition: Row = {
  id: 'partition',
  title: 'The network is partitioned',
  fault: 'both ways and one way, 60 s',
  quickFault: 'both ways and one way, 2.5 s',
  must: 'no call outlives its deadline by > 100 ms; roster right again ≤ 5 s after',
  run,
};

async function run(context: RowContext): Promise<Seen> {
  const proxies = new Map<string, TcpProxy>();
  for (const id of Object.keys(HELD)) proxies.set(id, await TcpProxy.start());
  const callerProxy = await TcpProxy.start();
  try {
    return await between(proxies, callerProxy, context);
  } finally {
    for (const proxy of [...proxies.values(), callerProxy]) proxy.close();
  }
}

async function between(
  proxies: ReadonlyMap<string, TcpProxy>,
  callerProxy: TcpProxy,
  { quick, log, stage }: RowContext,
): Promise<Seen> {
  const spanMs = quick ? 2500 : 60_000;
  const mesh = await Mesh.start(stage, {
    instances: { p4: {} },
    orchestrator: { static: [...proxies.values()].map(({ address }) => address) },
  });
  callerProxy.leadTo(mesh.address);
  for (const [id, proxy] of proxies) {
    proxy.leadTo(await (await mesh.startInstance(id, { orchestrators: [] })).told('address'));
  }
  await Promise.all(Object.keys(HELD).map((id) => mesh.live(id)));
  const cutOff = await stage.start('mesh/caller-role.ts', { orchestrator: callerProxy.address });
  const load = await mesh.load({ capability: READ, timeoutMs: TIMEOUT_MS, perSecond: 100 });
  const loadOfCutOff = await mesh.load({ capability: READ, timeoutMs: TIMEOUT_MS, perSecond: 30 }, cutOff);
  await sleep(quick ? 200 : 2000);

  const partedAt = moment();
  callerProxy.treat({ hold: 'both' });
  const seenOffline = [...proxies].map(([id, proxy]) => {
    proxy.treat({ hold: HELD[id]! });
    return mesh.roster.until(id, 'offline', spanMs);
  });
  await sleep(spanMs);
  const offlineAt = await Promise.all(seenOffline);
  const healedAt = moment();
  for (const proxy of [...proxies.values(), callerProxy]) proxy.treat({});
  const liveAt = await Promise.all([...proxies.keys()].map((id) => mesh.roster.until(id, 'live', 10_000)));
  await sleep(quick ? 700 : 5000);
  const calls = await load.stop();
  const callsOfCutOff = await loadOfCutOff.stop();
  mesh.close();

  const overrunMs = ({ start, end }: Call) => end - start - TIMEOUT_MS;
  const longest = [...calls.calls, ...callsOfCutOff.calls]
    .sort((a, b) => overrunMs(b) - overrunMs(a))
    .slice(0, 3);
  for (const call of longest) log(`${Math.round(call.start - partedAt)} ms in: ${JSON.stringify(call)}`);
  const backToWork = callsOfCutOff.startedWithin(healedAt).ok.calls.map(({ end }) => end - healedAt);
  return heldTo(
    [
      {
        name: 'overrunMs',
        what: `in ${spanMs / 1000} s, longest beyond its deadline of ${calls.count + callsOfCutOff.count} calls`,
        figure: overrunMs(longest[0]!),
        unit: 'ms',
        most: 100,
      },
      {
        name: 'rosterRightMs',
        what: 'roster right again after',
        figure: Math.max(...liveAt) - healedAt,
        unit: 'ms',
        most: 5000,
      },
    ],
    {
      detectedMs: Math.max(...offlineAt) - partedAt,
      callerStallMs: longestPauseMs(calls),
      callerBackMs: Math.min(...backToWork),
      calls: calls.count + callsOfCutOff.count,
      unknown: calls.unknown.count,
      failed: calls.failed.count,
      unknownOfCutOff: callsOfCutOff.unknown.count,
      failedOfCutOff: callsOfCutOff.failed.count,
    },
  );
}

/**
 * The longest time in which a caller made no call: it may have had no processor, and then had none to end a call
 * either.
 */
function longestPauseMs({ calls }: History): number {
  const starts = calls.map(({ start }) => start).sort((a, b) => a - b);
  return Math.max(...starts.slice(1).map((start, n) => start - starts[n]!));
}
