import { create } from '@bufbuild/protobuf';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { NewInstance } from '../../../services/orchestrator/roster/entry.ts';

/** What a test says of an instance. */
export interface InstanceInit {
  /** The agent. Default: the instance's id up to its first `/`. */
  agent?: string;
  /** Where it is. Default: its id with a port. */
  address?: string;
  capabilities?: string[];
  labels?: Record<string, string>;
  status?: keyof typeof AgentStatus;
}

/** An instance for a roster whose connections are the ids of their instances: `instance('summarizer/1')`. */
export function instance(id: string, init: InstanceInit = {}): NewInstance<string> {
  return {
    address: init.address ?? `${id}:1`,
    source: DiscoverySource.STATIC,
    card: create(AgentCardSchema, {
      id: init.agent ?? id.split('/')[0]!,
      instanceId: id,
      capabilities: (init.capabilities ?? []).map((name) => ({ name })),
      labels: init.labels ?? {},
    }),
    connection: id,
    status: AgentStatus[init.status ?? 'IDLE'],
  };
}
