import type { Child } from '../../processes/child.ts';
import { heldTo } from '../bounds.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Malformed } from '../peers/malformed.ts';
import type { Probed } from '../peers/prober-role.ts';
import type { Row, RowContext, Seen } from '../row.ts';

/** Any number does: the same one sends the same bytes. */
const SEED = 20_260_101;
/** How long all that is sent to one server may take, in milliseconds. */
const BARRAGE_WITHIN_MS = 600_000;

/** What no peer should send, to every server there is. */
export const malformed: Row = {
  id: 'malformed',
  title: 'Peers that do not speak properly',
  fault:
    '10 k random frames, 10 k mutated messages, odd paths, metadata, time-outs, truncated streams; against orchestrator, agent and HTTP door',
  quickFault:
    '250 random frames, 250 mutated messages, odd paths, metadata, time-outs, truncated streams; against orchestrator, agent and HTTP door',
  must: '0 crashes, 0 hangs; probe call answered < 100 ms throughout',
  alone: true,
  run,
};

/** What was seen of one server. */
interface Suffered {
  sent: number;
  silent: number;
  probes: number;
  failedProbes: number;
  worstMs: number;
  crashed: boolean;
}

async function run({ quick, log, stage }: RowContext): Promise<Seen> {
  const count = quick ? 250 : 10_000;
  const mesh = await Mesh.start(stage, { instances: { m1: {} }, orchestrator: { http: '127.0.0.1:0' } });
  const http = await mesh.orchestrator.told('http');
  const agent = mesh.instance('m1');
  const targets = [
    { name: 'orchestrator', address: mesh.address, of: 'orchestrator', child: mesh.orchestrator },
    { name: 'agent', address: await agent.told('address'), of: 'agent', child: agent },
    { name: 'HTTP door', address: http, of: 'orchestrator', child: mesh.orchestrator, http: true },
  ];
  const suffered: Suffered[] = [];
  for (const { name, address, of, child, http } of targets) {
    const prober = await stage.start('peers/prober-role.ts', { address, http });
    const peer = await stage.start('peers/bad-peer-role.ts');
    const barrage = { address, of, count, seed: SEED };
    const send = (command: string) => peer.ask<Malformed>(command, barrage, BARRAGE_WITHIN_MS);
    await prober.ask('probed');
    const seen = await suffer(child, prober, async () => {
      const sent = await peer.ask<number>('randomFrames', barrage, BARRAGE_WITHIN_MS);
      const calls = [{ sent, silent: 0 }, await send('mutatedCalls'), await send('oddCalls')];
      if (http) calls.push(await send('mutatedRequests'));
      return calls;
    });
    await stage.end([peer, prober]);
    log(`${name}: ${JSON.stringify(seen)}`);
    suffered.push(seen);
  }
  mesh.close();

  const sum = (of: (seen: Suffered) => number) => suffered.reduce((total, seen) => total + of(seen), 0);
  return heldTo(
    [
      { name: 'crashes', what: 'crashes', figure: sum(({ crashed }) => Number(crashed)), most: 0 },
      {
        name: 'hangs',
        what: 'calls and probes without an answer',
        figure: sum(({ silent, failedProbes }) => silent + failedProbes),
        most: 0,
      },
      {
        name: 'worstProbeMs',
        what: 'slowest probe',
        figure: Math.max(...suffered.map(({ worstMs }) => worstMs)),
        unit: 'ms',
        most: 100,
      },
    ],
    { sent: sum(({ sent }) => sent) },
  );
}

/** Has a process suffer something while it is probed. One that ends has crashed, whatever became of the rest. */
async function suffer(child: Child, prober: Child, barrage: () => Promise<Malformed[]>): Promise<Suffered> {
  const calls = await barrage().catch(async (error) => {
    if (await lives(child)) throw error;
    return [];
  });
  const { ms, failed } = await prober.ask<Probed>('probed');
  return {
    sent: calls.reduce((sum, { sent }) => sum + sent, 0),
    silent: calls.reduce((sum, { silent }) => sum + silent, 0),
    probes: ms.length,
    failedProbes: failed,
    worstMs: Math.max(...ms),
    crashed: !(await lives(child)),
  };
}

function lives(child: Child): Promise<boolean> {
  return child.usage().then(
    () => true,
    () => false,
  );
}
