import { create } from '@bufbuild/protobuf';
import { type AgentCard, AgentCardSchema } from '../../gen/troupe/v1/agent_card_pb.js';
import { checkCard } from '../protocol/card.ts';
import { troupeError, type Violation } from '../protocol/reason.ts';
import { msToDuration } from '../protocol/ttl.ts';
import { checkDefinition } from './check-definition.ts';
import type { AgentDefinition, CapabilityDefinition } from './definition.ts';

/** The revision of the contract that this kit knows. */
const PROTOCOL_REVISION = 1;

/**
 * The card of one instance of an agent. A definition that no agent can be served by is INVALID_MESSAGE, with all that
 * is wrong with it; one that can be read, but breaks a rule of the contract, with all of those.
 */
export function makeCard(definition: AgentDefinition, instanceId: string): AgentCard {
  refuse(definition.id, checkDefinition(definition));
  const { id, name = id, version = '', description = '', maxConcurrency = 0, labels } = definition;
  const card = create(AgentCardSchema, {
    id,
    instanceId,
    name,
    version,
    description,
    capabilities: Object.entries(definition.capabilities).map(capability),
    maxConcurrency,
    labels: { ...labels },
    servesLink: true,
    checksInput: true,
    protocolRevision: PROTOCOL_REVISION,
  });
  refuse(id, checkCard(card));
  return card;
}

function refuse(agent: string, violations: readonly Violation[]): void {
  const [first] = violations;
  if (!first) return;
  const text = `The agent cannot be served as it is defined: ${first.field} ${first.description}`;
  throw troupeError('INVALID_MESSAGE', text, { agent, violations });
}

function capability([name, definition]: [string, CapabilityDefinition]) {
  const { description = '', input, output, idempotent = false, defaultTtlMs, tags = [] } = definition;
  return {
    name,
    description,
    idempotent,
    tags: [...tags],
    ...(input && { inputSchema: input }),
    ...(output && { outputSchema: output }),
    ...(defaultTtlMs !== undefined && { defaultTtl: msToDuration(defaultTtlMs) }),
  };
}
