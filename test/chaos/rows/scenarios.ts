import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../policy/simulation.ts';
import { heldTo } from '../bounds.ts';
import type { Call } from '../history/call.ts';
import { moment } from '../history/clock.ts';
import { READ } from '../mesh/agent-role.ts';
import { Mesh } from '../mesh/mesh.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Row, RowContext, Seen } from '../row.ts';

const TIMEOUT_MS = 5000;
/** How long a call takes, in milliseconds: long enough for each cut to meet some. */
const HANDLE_MS = 200;
/** How long after a cut its caller may be told of it, in milliseconds. */
const TOLD_WITHIN_MS = 500;
/** So many that all of them being dialled again at once, when nobody could have the call, is not to be expected. */
const INSTANCES = ['s1', 's2', 's3', 's4'];

/** Every connection cut now and then; the scenarios of `test/mesh/` pass through the same. */
export const scenarios: Row = {
  id: 'scenarios',
  title: 'Every connection breaks now and then',
  fault:
    'a proxy before the orchestrator and each agent cuts each connection with a probability of 5 % per second',
  must: 'idempotent: 0 failed but what was in flight on its caller’s own connection, UNAVAILABLE / INSTANCE_LOST; roster right again ≤ 5 s after',
  run,
};

async function run(context: RowContext): Promise<Seen> {
  const proxies: TcpProxy[] = [];
  let doors = 0;
  const door = async (target = '') => {
    const proxy = await TcpProxy.start(target, seededRandom(++doors));
    proxies.push(proxy);
    return proxy;
  };
  try {
    return await throughCuts(context, door, proxies);
  } finally {
    for (const proxy of proxies) proxy.close();
  }
}

async function throughCuts(
  { quick, log, stage }: RowContext,
  door: (target?: string) => Promise<TcpProxy>,
  proxies: readonly TcpProxy[],
): Promise<Seen> {
  // 2 s at 1 - 0.95 ^ 10 = 40 % per second have as many cuts as 20 s at 5 %.
  const [spanMs, cutPerSecond] = quick ? [2000, 1 - 0.95 ** 10] : [60_000, 0.05];
  const mesh = await Mesh.start(stage, { instances: {} });
  const start = async (instance: string) => {
    const [ahead, behind] = [await door(), await door(mesh.address)];
    const special = { orchestrators: [behind.address], advertise: ahead.address, handleMs: HANDLE_MS };
    ahead.leadTo(await (await mesh.startInstance(instance, special)).told('address'));
  };
  await Promise.all(INSTANCES.map(start));
  const own = await door(mesh.address);
  const caller = await stage.start('mesh/caller-role.ts', { orchestrator: own.address });
  await Promise.all(INSTANCES.map((id) => mesh.live(id)));
  const load = await mesh.load({ capability: READ, timeoutMs: TIMEOUT_MS, perSecond: 100 }, caller);
  for (const proxy of proxies) proxy.treat({ cutPerSecond });
  await sleep(spanMs);

  for (const proxy of proxies) proxy.treat({});
  const healedAt = moment();
  const liveAt = await Promise.all(INSTANCES.map((id) => mesh.roster.until(id, 'live', 10_000)));
  const calls = await load.stop();
  mesh.close();

  // What the proxies tell is by this process's clock, what the callers tell by the machine's.
  const cutsOfCaller = own.cutsAt.map((at) => at - performance.now() + moment());
  const unexplained = [...calls.failed.calls, ...calls.unknown.calls].filter(
    (call) => !wasCutOff(call, cutsOfCaller),
  );
  for (const call of unexplained.slice(0, 3)) log(`unexplained: ${JSON.stringify(call)}`);
  const cuts = proxies.reduce((sum, { cutsAt }) => sum + cutsAt.length, 0);
  return heldTo(
    [
      {
        name: 'unexplained',
        what: `in ${cuts} cuts, idempotent calls failed that their caller’s connection did not lose, of ${calls.count}`,
        figure: unexplained.length,
        most: 0,
      },
      { name: 'cuts', what: 'cuts', figure: cuts, least: 1 },
      {
        name: 'rosterRightMs',
        what: 'roster right again after',
        figure: Math.max(...liveAt) - healedAt,
        unit: 'ms',
        most: 5000,
      },
    ],
    { calls: calls.count, lostByCaller: calls.failed.count - unexplained.length },
  );
}

/** Whether a call was in flight on its caller's own connection when that was cut, and says so. */
function wasCutOff({ code, reason, start, end }: Call, cuts: readonly number[]): boolean {
  if (code !== 'UNAVAILABLE' || reason !== 'INSTANCE_LOST') return false;
  return cuts.some((at) => start <= at + TOLD_WITHIN_MS && end >= at && end <= at + TOLD_WITHIN_MS);
}
