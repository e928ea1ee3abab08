import { create } from '@bufbuild/protobuf';
import { type AgentCard, AgentCardSchema } from '../../gen/troupe/v1/agent_card_pb.js';
import { checkCard } from '../protocol/card.ts';
import { troupeError } from '../protocol/reason.ts';
import { msToDuration } from '../protocol/ttl.ts';
import type { AgentDefinition, CapabilityDefinition } from './definition.ts';

/** The revision of the contract that this kit knows. */
const PROTOCOL_REVISION = 1;

/**
 * The card of one instance of an agent. A definition that breaks a rule of the contract is INVALID_MESSAGE.
 */
export function makeCard(definition: AgentDefinition, instanceId: string): AgentCard {
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
  const violations = checkCard(card);
  if (violations.length > 0) {
    const [first] = violations;
    const text = `The agent cannot be served as it is defined: ${first!.field} ${first!.description}`;
    throw troupeError('INVALID_MESSAGE', text, { agent: id, violations });
  }
  return card;
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
