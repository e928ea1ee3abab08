import { create } from '@bufbuild/protobuf';
import {
  type Agent,
  type RosterEvent,
  RosterEventSchema,
  RosterEventType,
} from '../../../gen/troupe/v1/roster_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { Feed } from '../../rpc/feed.ts';
import { describeAgent } from './describe.ts';
import { type AgentFilter, matchesFilter } from './filter.ts';
import type { Roster } from './roster.ts';

/** How many changes a watcher may fall behind. Source: WatchAgents in the proto. */
const MAX_BEHIND = 1_024;

const SLOW_READER = `the reader fell ${MAX_BEHIND} changes of the roster behind: read faster, or watch fewer agents`;

/** What is watched, and until when. */
export interface WatchAgentsOptions extends Omit<AgentFilter, 'status'> {
  /** Ends the watch, with its reason. */
  signal: AbortSignal;
}

/**
 * The agents that meet the filter as they are now (PRESENT each, then SYNCED), and then each change, until
 * the signal aborts or the reader stops. An agent that comes to meet the filter is ADDED, and one that meets
 * it no more REMOVED. The watch begins with the call. A reader that falls 1,024 changes behind ends with
 * SLOW_READER; what was present does not count.
 */
export function watchAgents<C>(roster: Roster<C>, options: WatchAgentsOptions): AsyncIterable<RosterEvent> {
  /** The agents that the reader knows, as it was last told of them. */
  const told = new Map<string, Agent>();
  for (const agent of roster.agents.values()) {
    if (matchesFilter(agent, options)) told.set(agent.id, describeAgent(agent));
  }
  const feed = new Feed<RosterEvent>({
    limit: MAX_BEHIND,
    first: [...told.values()].map((agent) => event('PRESENT', agent)).concat(event('SYNCED')),
    signal: options.signal,
    overflow: () => troupeError('SLOW_READER', SLOW_READER),
    onClose: () => unsubscribe(),
  });
  const unsubscribe = roster.subscribe(({ type, agent }) => {
    const before = told.get(agent.id);
    if (type !== 'REMOVED' && matchesFilter(agent, options)) {
      const now = describeAgent(agent);
      told.set(agent.id, now);
      feed.push(event(before ? 'CHANGED' : 'ADDED', now));
    } else if (before) {
      told.delete(agent.id);
      feed.push(event('REMOVED', before));
    }
  });
  return feed;
}

function event(type: keyof typeof RosterEventType, agent?: Agent): RosterEvent {
  return create(RosterEventSchema, { type: RosterEventType[type], ...(agent && { agent }) });
}
