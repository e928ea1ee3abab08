import { getHeapStatistics } from 'node:v8';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import { Lanes } from '../../../services/orchestrator/dispatch/lanes.ts';
import type { Connection } from '../../../services/orchestrator/member/connection.ts';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { silent } from '../../../services/rpc/log.ts';
import type { Role } from '../../processes/role.ts';

/** A roster by itself, in a process whose memory can be told: it needs `--expose-gc`. */
export function start({ instances, capabilities }: { instances: number; capabilities: number }): Role {
  // Nothing is sent: what a task would be handed to stays empty.
  const connection = {} as Connection;
  const before = heapAfterCollection();
  const roster = new Roster<Connection>();
  for (let n = 0; n < instances; n++) {
    // Read off the wire, as every card is: nothing in it is shared with another.
    const card = fromBinary(AgentCardSchema, cardBytes(n, `bench.capability-${n % capabilities}`));
    roster.put({
      address: `10.0.${n >> 8}.${n & 255}:50051`,
      source: DiscoverySource.ANNOUNCED,
      card,
      connection,
    });
  }
  const bytesPerInstance = (heapAfterCollection() - before) / instances;
  const lanes = new Lanes(roster, silent);
  const wish = { labels: undefined, keyHash: undefined, tried: [] };
  const names = Array.from({ length: capabilities }, (_, n) => `bench.capability-${n}`);
  return {
    ready: { bytesPerInstance },
    commands: {
      /** How long it takes to find the instances of a capability and to pick one, in microseconds. */
      pick({ times }: { times: number }) {
        let found = 0;
        const begun = performance.now();
        for (let n = 0; n < times; n++) {
          const capability = names[(n * 7) % capabilities]!;
          const set = roster.capability(capability);
          if (set && lanes.of(set, { capability }).choose(wish, performance.now())) found++;
        }
        const tookMs = performance.now() - begun;
        if (found !== times) throw new Error(`Of ${times} picks ${found} found an instance.`);
        return (tookMs * 1000) / times;
      },
    },
  };
}

function heapAfterCollection(): number {
  if (!globalThis.gc) throw new Error('The roster is measured under --expose-gc.');
  globalThis.gc();
  return getHeapStatistics().used_heap_size;
}

/** The card of an instance as agents have them: one capability, described, with a schema. */
function cardBytes(n: number, capability: string): Uint8Array {
  const card = create(AgentCardSchema, {
    id: `agent-${n % 1000}`,
    instanceId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    name: `Agent ${n % 1000}`,
    version: '1.0.0',
    description: 'An agent whose only purpose is to stand on the roster.',
    capabilities: [
      {
        name: capability,
        description: 'Does what is asked for, as soon as it can.',
        inputSchema: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      },
    ],
    labels: { zone: `zone-${n % 3}` },
    servesLink: true,
    checksInput: true,
    protocolRevision: 1,
  });
  return toBinary(AgentCardSchema, card);
}
