import { create } from '@bufbuild/protobuf';
import {
  GetAgentResponseSchema,
  type OrchestratorService,
} from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { troupeError, type Violation } from '../../protocol/reason.ts';
import { msToDuration } from '../../protocol/ttl.ts';
import { formatAddress, parseAddress, peerHost } from '../../rpc/address.ts';
import type { Handlers } from '../../rpc/handlers.ts';
import { checkHealth } from '../check-health.ts';
import type { Leases } from '../discovery/leases.ts';
import { refuseWhileDraining } from '../dispatch/admit.ts';
import type { Connection } from '../member/connection.ts';
import type { Membership } from '../member/membership.ts';
import { describeAgent } from '../roster/describe.ts';
import { listAgents } from '../roster/list-agents.ts';
import type { Roster } from '../roster/roster.ts';
import { watchAgents } from '../roster/watch-agents.ts';
import { watchUntilDrained } from './watch.ts';

/** What the handlers about the roster work with. */
export interface RosterParts {
  roster: Roster<Connection>;
  membership: Membership;
  leases: Leases;
}

/** The RPCs by which instances come and go. */
type RosterRpcs = 'register' | 'deregister' | 'listAgents' | 'getAgent' | 'watchAgents' | 'checkHealth';

/** The part of OrchestratorService that is about who is there. */
export function rosterHandlers(parts: RosterParts): Pick<Handlers<typeof OrchestratorService>, RosterRpcs> {
  const { roster, membership, leases } = parts;
  return {
    async register({ agentId, instanceId, address: announced }, { peer, draining }) {
      refuseWhileDraining(draining);
      requireIds({ agentId, instanceId });
      const address = readAddress(announced, peer);
      await membership.dial(address, { agentId, instanceId }, (entry) => {
        roster.touch(entry, leases.grant({ address, agentId, instanceId }));
      });
      return { lease: msToDuration(leases.leaseMs), address };
    },

    deregister({ agentId, instanceId }) {
      requireIds({ agentId, instanceId });
      const entry = roster.instance(instanceId);
      if (entry && entry.agentId !== agentId) return {};
      if (entry) membership.dismiss(entry);
      leases.release(instanceId);
      return {};
    },

    listAgents: (request) => listAgents(roster, request),

    getAgent({ agentId }) {
      const agent = roster.agent(agentId);
      if (agent) return create(GetAgentResponseSchema, { agent: describeAgent(agent) });
      const text = `No agent ${agentId} is on the roster. ListAgents tells who is there.`;
      throw troupeError('AGENT_NOT_FOUND', text, { agent: agentId });
    },

    async *watchAgents({ capability, labels }, context) {
      const events = watchUntilDrained(context, (signal) =>
        watchAgents(roster, { capability, labels, signal }),
      );
      for await (const event of events) yield { event };
    },

    async checkHealth({ agentId }, context) {
      return { agents: await checkHealth(roster, agentId, context) };
    },
  };
}

function requireIds(ids: { agentId: string; instanceId: string }): void {
  const violations: Violation[] = [];
  if (ids.agentId === '') violations.push({ field: 'agent_id', description: 'is empty: name the agent' });
  if (ids.instanceId === '')
    violations.push({ field: 'instance_id', description: 'is empty: name the instance' });
  if (violations.length === 0) return;
  const text = `The request does not say who it is about: ${violations.map(({ field }) => field).join(' and ')} empty.`;
  throw troupeError('INVALID_MESSAGE', text, { violations });
}

/** The address that an instance announces; `:port` is on the host that the call comes from. */
function readAddress(announced: string, peer: string): string {
  const address = parseAddress(announced, { defaultHost: peerHost(peer) });
  if (!('violation' in address)) return formatAddress(address);
  throw troupeError('INVALID_MESSAGE', `The address cannot be dialled: ${address.violation}.`, {
    violations: [{ field: 'address', description: address.violation }],
  });
}
