import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Agent, AgentSchema, type Instance, InstanceSchema } from '../../../gen/troupe/v1/roster_pb.js';
import type { RosterEntry } from './entry.ts';
import type { RosterAgent } from './roster-agent.ts';
import { statusNow } from './status.ts';

/**
 * An agent, with its instances as they are now, as it is told to callers. The cards are shared, not copied.
 */
export function describeAgent(agent: RosterAgent<unknown>): Agent {
  return create(AgentSchema, {
    id: agent.id,
    status: agent.status,
    capabilities: [...agent.capabilities.names()].sort(),
    instances: Array.from(agent.instances.all, describeInstance),
  });
}

function describeInstance(entry: RosterEntry<unknown>): Instance {
  return create(InstanceSchema, {
    instanceId: entry.instanceId,
    address: entry.address,
    status: statusNow(entry),
    source: entry.source,
    card: entry.card,
    inFlight: entry.inFlight,
    lastSeen: timestampFromMs(entry.lastSeenAt),
    ...(entry.lease &&
      !entry.lease.expired && { lease: durationFromMs(Math.round(entry.lease.remainingMs)) }),
  });
}
