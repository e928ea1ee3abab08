import { Health, HealthCheckResponse_ServingStatus } from '../../../gen/grpc/health/v1/health_pb.js';
import type { AgentCard } from '../../../gen/troupe/v1/agent_card_pb.js';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { checkCard } from '../../protocol/card.ts';
import { troupeError } from '../../protocol/reason.ts';
import { compileSchema, type SchemaCheck } from '../../protocol/schema.ts';
import type { Channel } from '../../rpc/channel.ts';
import { createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/** How long an instance may take to introduce itself, in milliseconds. */
const INTRODUCTION_TIMEOUT_MS = 2000;

/** What an instance said when it was dialled. */
export interface Introduction {
  card: AgentCard;
  /** The checks of its capabilities' inputs, where it does not make them itself. */
  checks: Map<string, SchemaCheck>;
  /**
   * Whether its health says that it takes tasks. A member need not serve health, and then does while it is
   * connected.
   */
  serving: boolean;
}

/**
 * Asks who is at the other end of a channel, and whether it takes tasks. Fails UNAVAILABLE / NO_LIVE_INSTANCE
 * where nobody answers within 2 s, FAILED_PRECONDITION / CARD_MISMATCH where the card breaks a rule.
 */
export async function introduce(channel: Channel): Promise<Introduction> {
  const deadline = Deadline.after(INTRODUCTION_TIMEOUT_MS);
  const card = await describe(channel, deadline);
  const checks = await inputChecks(card);
  return { card, checks, serving: await isServing(channel, deadline) };
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

async function isServing(channel: Channel, deadline: Deadline): Promise<boolean> {
  try {
    const { status } = await createClient(Health, channel).check({}, { deadline });
    return status !== HealthCheckResponse_ServingStatus.NOT_SERVING;
  } catch {
    return true;
  }
}
