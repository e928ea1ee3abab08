import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { AgentCard } from '../../../gen/troupe/v1/agent_card_pb.js';
import { type Agent, AgentSchema, type Instance, InstanceSchema } from '../../../gen/troupe/v1/roster_pb.js';
import { cardBytes, cardWithIds, cardWithoutSchemas } from './card-sizes.ts';
import type { RosterEntry } from './entry.ts';
import type { RosterAgent } from './roster-agent.ts';
import { statusNow } from './status.ts';

/** How many names of capabilities are told: half a MiB of them at most. */
const MAX_NAMES = 4_000;

/**
 * What is told of cards, and up to how many bytes of an agent. With the names of its capabilities that is within the
 * 4 MiB of a message. Source: Agent in the proto.
 */
const CARDS: readonly { upTo: number; shorten: (card: AgentCard) => AgentCard }[] = [
  { upTo: 2 * 2 ** 20, shorten: (card) => card },
  { upTo: 2.5 * 2 ** 20, shorten: cardWithoutSchemas },
  { upTo: 3 * 2 ** 20, shorten: cardWithIds },
];

/** More than all of an instance takes but for its card and its texts. */
const INSTANCE_BYTES = 64;

/**
 * An agent, with its instances as they are now, as it is told to callers: within 3.5 MiB, whatever it has. The cards are
 * shared, not copied, and those of the oldest instances cut short where they do not fit.
 */
export function describeAgent(agent: RosterAgent<unknown>): Agent {
  return create(AgentSchema, {
    id: agent.id,
    status: agent.status,
    capabilities: [...agent.capabilities.names()].sort().slice(0, MAX_NAMES),
    instances: describeInstances([...agent.instances.all]),
  });
}

function describeInstances(entries: readonly RosterEntry<unknown>[]): Instance[] {
  const told: Instance[] = [];
  let bytes = 0;
  for (const entry of entries.toReversed()) {
    const own = INSTANCE_BYTES + Buffer.byteLength(entry.instanceId) + Buffer.byteLength(entry.address);
    for (const { upTo, shorten } of CARDS) {
      const card = shorten(entry.card);
      const after = bytes + own + cardBytes(card);
      if (after > upTo) continue;
      bytes = after;
      told.push(describeInstance(entry, card));
      break;
    }
  }
  return told.reverse();
}

function describeInstance(entry: RosterEntry<unknown>, card: AgentCard): Instance {
  return create(InstanceSchema, {
    instanceId: entry.instanceId,
    address: entry.address,
    status: statusNow(entry),
    source: entry.source,
    card,
    inFlight: entry.inFlight,
    lastSeen: timestampFromMs(entry.lastSeenAt),
    ...(entry.lease &&
      !entry.lease.expired && { lease: durationFromMs(Math.round(entry.lease.remainingMs)) }),
  });
}
