import { Health, HealthCheckResponse_ServingStatus } from '../../../gen/grpc/health/v1/health_pb.js';
import type { AgentCard } from '../../../gen/troupe/v1/agent_card_pb.js';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { checkCard } from '../../protocol/card.ts';
import { troupeError } from '../../protocol/reason.ts';
import { compileSchema, type SchemaCheck } from '../../protocol/schema.ts';
import type { Channel } from '../../rpc/channel.ts';
import { createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import type { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/** What an instance said when it was dialled. */
export interface Introduction {
  card: AgentCard;
  /** The checks of its capabilities' inputs, where it does not make them itself. */
  checks: Map<string, SchemaCheck>;
  /** IDLE, or DRAINING where its health says that it is not serving. */
  status: AgentStatus;
}

/**
 * Asks who is at the other end of a channel, and whether it takes tasks. Fails UNAVAILABLE / NO_LIVE_INSTANCE where nobody
 * answers, FAILED_PRECONDITION / CARD_MISMATCH where the card breaks a rule.
 */
export async function introduce(channel: Channel, deadline: Deadline): Promise<Introduction> {
  const card = await describe(channel, deadline);
  const checks = await inputChecks(card);
  return { card, checks, status: await statusOf(channel, deadline) };
}

async function describe(channel: Channel, deadline: Deadline): Promise<AgentCard> {
  try {
    await channel.ready(deadline);
    const { card } = await createClient(AgentService, channel).describe({}, { deadline });
    if (!card) throw new RpcError(Code.INTERNAL, 'Describe answered no card.');
    return card;
  } catch (thrown) {
    const error = RpcError.from(thrown);
    const text = `No agent answers at ${channel.address}: ${error.message}`;
    throw troupeError('NO_LIVE_INSTANCE', text, { cause: error });
  }
}

async function inputChecks(card: AgentCard): Promise<Map<string, SchemaCheck>> {
  const violations = checkCard(card);
  if (violations.length > 0) {
    const text = `The card of ${card.id || 'the agent'} breaks a rule: ${violations[0]!.field} ${violations[0]!.description}`;
    throw troupeError('CARD_MISMATCH', text, { agent: card.id, instance: card.instanceId, violations });
  }
  const checks = new Map<string, SchemaCheck>();
  if (card.checksInput) return checks;
  for (const { name, inputSchema } of card.capabilities) {
    if (!inputSchema) continue;
    try {
      checks.set(name, await compileSchema(inputSchema));
    } catch (error) {
      const text = `The input schema of ${name} cannot be used: ${RpcError.from(error).message}`;
      throw troupeError('CARD_MISMATCH', text, { agent: card.id, capability: name, cause: error });
    }
  }
  return checks;
}

/** A member need not serve health: it then counts as serving while it is connected. */
async function statusOf(channel: Channel, deadline: Deadline): Promise<AgentStatus> {
  try {
    const { status } = await createClient(Health, channel).check({}, { deadline });
    return status === HealthCheckResponse_ServingStatus.NOT_SERVING ? AgentStatus.DRAINING : AgentStatus.IDLE;
  } catch {
    return AgentStatus.IDLE;
  }
}
