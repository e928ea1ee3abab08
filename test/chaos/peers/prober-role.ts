import { setTimeout as sleep } from 'node:timers/promises';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { Channel } from '../../../services/rpc/channel.ts';
import { createClient } from '../../../services/rpc/client.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import type { Role } from '../../processes/role.ts';

/** What a prober saw. */
export interface Probed {
  /** How long each probe took, in milliseconds. */
  ms: number[];
  /** How many failed, or were not answered in 5 s. */
  failed: number;
}

/** How long a probe waits, and how long it is until the next, in milliseconds. */
const PROBE_WITHIN_MS = 5000;
const PAUSE_MS = 10;

/**
 * Someone who means well: asks a server for its health, by gRPC or at the HTTP door, again and again. `probed` tells
 * what was seen since it was last asked.
 */
export async function start({ address, http }: { address: string; http?: boolean }): Promise<Role> {
  const probe = http ? overHttp(address) : overGrpc(address);
  // The first probe pays for the connection, and for all that is loaded when first needed.
  await probe();
  let seen: Probed = { ms: [], failed: 0 };
  void (async () => {
    while (true) {
      const begun = performance.now();
      try {
        await probe();
      } catch {
        seen.failed++;
      }
      seen.ms.push(performance.now() - begun);
      await sleep(PAUSE_MS);
    }
  })();
  return {
    commands: {
      probed(): Probed {
        const told = seen;
        seen = { ms: [], failed: 0 };
        return told;
      },
    },
  };
}

function overGrpc(address: string): () => Promise<unknown> {
  const health = createClient(Health, new Channel(address));
  return () => health.check({}, { deadline: Deadline.after(PROBE_WITHIN_MS) });
}

function overHttp(address: string): () => Promise<unknown> {
  return async () => {
    const answer = await fetch(`http://${address}/grpc.health.v1.Health/Check`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(PROBE_WITHIN_MS),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.arrayBuffer();
  };
}
