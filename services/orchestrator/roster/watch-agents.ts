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

/** Of how many agents news may wait for a watcher. Source: WatchAgents in the proto. */
const MAX_BEHIND = 1_024;

const SLOW_READER = `news of ${MAX_BEHIND} agents wait for the reader: read faster, or watch fewer agents`;

/** What is watched, and until when. */
export interface WatchAgentsOptions extends Omit<AgentFilter, 'status'> {
  /** Ends the watch, with its reason. */
  signal: AbortSignal;
}

/** Answers what the reader is told next of an agent; nothing where what happened has become undone. */
type Tell = () => RosterEvent | undefined;

/**
 * The agents that meet the filter as they are now (PRESENT each, then SYNCED), and then each change, until
 * the signal aborts or the reader stops. An agent that comes to meet the filter is ADDED, and one that meets
 * it no more REMOVED. The watch begins with the call. News of an agent that the reader has not read give way to
 * later ones of the same agent, so that one that changes all the time costs nobody the watch. A reader for whom
 * news of 1,024 agents wait ends with SLOW_READER; what was present does not count.
 */
export function watchAgents<C>(roster: Roster<C>, options: WatchAgentsOptions): AsyncIterable<RosterEvent> {
  /** The agents that the reader knows, as it was last told of them. */
  const told = new Map<string, Agent>();
  /** The agents whose turn in the feed is still to come, with what is told of them then. */
  const news = new Map<string, RosterEvent | undefined>();
  for (const agent of roster.agents.values()) {
    if (matchesFilter(agent, options)) told.set(agent.id, describeAgent(agent));
  }
  const feed = new Feed<Tell>({
    limit: MAX_BEHIND,
    first: [...told.values()]
      .map((agent) => event('PRESENT', agent))
      .concat(event('SYNCED'))
      .map((present) => () => present),
    signal: options.signal,
    overflow: () => troupeError('SLOW_READER', SLOW_READER),
    onClose: () => unsubscribe(),
  });
  const unsubscribe = roster.subscribe(({ type, agent }) => {
    const { id } = agent;
    const waits = news.has(id);
    const before = news.get(id)?.agent ?? told.get(id);
    if (type !== 'REMOVED' && matchesFilter(agent, options)) {
      news.set(id, event(told.has(id) ? 'CHANGED' : 'ADDED', describeAgent(agent)));
    } else if (before) {
      news.set(id, told.has(id) ? event('REMOVED', before) : undefined);
    } else return;
    if (!waits) feed.push(() => tell(id));
  });

  function tell(id: string): RosterEvent | undefined {
    const next = news.get(id);
    news.delete(id);
    if (next?.type === RosterEventType.REMOVED) told.delete(id);
    else if (next?.agent) told.set(id, next.agent);
    return next;
  }

  return heard(feed);
}

/** What a feed tells, asked for when the reader is there. */
function heard(feed: Feed<Tell>): AsyncIterableIterator<RosterEvent, undefined> {
  return {
    async next() {
      for (;;) {
        const { done, value: tell } = await feed.next();
        if (done) return { done, value: undefined };
        const value = tell();
        if (value) return { done: false, value };
      }
    },
    async return() {
      await feed.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function event(type: keyof typeof RosterEventType, agent?: Agent): RosterEvent {
  return create(RosterEventSchema, { type: RosterEventType[type], ...(agent && { agent }) });
}
