import { toBinary } from '@bufbuild/protobuf';
import { type Agent, AgentSchema } from '../../../gen/troupe/v1/roster_pb.js';
import { fromPageToken, pageSize, takePage, toPageToken } from '../page.ts';
import { describeAgent } from './describe.ts';
import { type AgentFilter, matchesFilter } from './filter.ts';
import type { Roster } from './roster.ts';
import type { RosterAgent } from './roster-agent.ts';

const LIST = 'agents';

/** Which page of the roster is asked for: the fields of a ListAgentsRequest. */
export interface AgentPageRequest extends AgentFilter {
  /** How many agents at most: 1 to 1,000. Default, and 0: 100. */
  pageSize?: number;
  /** The `nextPageToken` of the page before. Default, and empty: the first page. */
  pageToken?: string;
}

/** A page of the roster: the fields of a ListAgentsResponse. */
export interface AgentPage {
  /** The agents, sorted by id. */
  agents: Agent[];
  /** Asks for the next page; empty where this is the last. */
  nextPageToken: string;
}

/**
 * A page of the agents that meet the filter. An agent that stays on the roster meanwhile is on exactly one of
 * the pages, whatever else comes and goes. A page is cut short at 3 MiB. A token that no page gave is
 * INVALID_MESSAGE.
 */
export function listAgents<C>(roster: Roster<C>, request: AgentPageRequest): AgentPage {
  const after = fromPageToken(LIST, request.pageToken ?? '');
  const size = pageSize(request.pageSize ?? 0);
  const found = [...roster.agents.values()]
    .filter((agent) => (after === undefined || agent.id > after) && matchesFilter(agent, request))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

  const { page, more } = takePage(describeEach(found), size, (agent) => toBinary(AgentSchema, agent).length);
  const last = page.at(-1);
  return { agents: page, nextPageToken: more && last ? toPageToken(LIST, last.id) : '' };
}

/** One after the other, so that none is described who is not on the page. */
function* describeEach(agents: Iterable<RosterAgent<unknown>>): Generator<Agent> {
  for (const agent of agents) yield describeAgent(agent);
}
