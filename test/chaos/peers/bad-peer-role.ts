import type { Role } from '../../processes/role.ts';
import { type Flood, flood, type IdlePlan, idleStreams } from './floods.ts';
import { mutatedCalls, mutatedRequests, oddCalls, randomFrames } from './malformed.ts';
import { OF_AGENT, OF_ORCHESTRATOR } from './samples.ts';

/** What is thrown at a server. */
interface Barrage {
  address: string;
  /** Whose methods are called. */
  of: 'agent' | 'orchestrator';
  count: number;
  seed: number;
}

/** A peer that sends what nobody should: a process of its own, so that whoever measures is not held up. */
export function start(): Role {
  const samples = ({ of }: Barrage) => (of === 'agent' ? OF_AGENT : OF_ORCHESTRATOR);
  return {
    commands: {
      randomFrames: ({ address, count, seed }: Barrage) => randomFrames(address, count, seed),
      mutatedCalls: (barrage: Barrage) =>
        mutatedCalls(barrage.address, samples(barrage), barrage.count, barrage.seed),
      mutatedRequests: (barrage: Barrage) =>
        mutatedRequests(barrage.address, samples(barrage), barrage.count, barrage.seed),
      oddCalls: ({ address }: Barrage) => oddCalls(address),
      flood: ({ kind, address, forMs }: { kind: Flood; address: string; forMs: number }) =>
        flood(kind, address, forMs),
      idleStreams: ({ address, ...plan }: { address: string } & IdlePlan) => idleStreams(address, plan),
    },
  };
}
