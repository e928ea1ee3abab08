import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import type { AgentCard } from '../../gen/troupe/v1/agent_card_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Channel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import { Code } from '../rpc/code.ts';
import { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { listServices, type ReflectionVersion } from './reflection-client.ts';

/** What an agent has of that which a member need not have, so that what it has not is not held against it. */
export interface Survey {
  /** What it says of itself; nothing where it does not. */
  readonly card: AgentCard | undefined;
  /** Whether it serves `grpc.health.v1`: its Check, and its List, which came later. */
  readonly health: boolean;
  readonly healthList: boolean;
  /** The newest reflection that it serves. */
  readonly reflection: ReflectionVersion | undefined;
  /** What it does with a broadcast. */
  readonly broadcast: 'replies' | 'acknowledges' | 'fails';
}

/** How long one question of the survey may take, in milliseconds. */
const QUESTION_MS = 5000;

/** Looks at what an agent has. Fails UNAVAILABLE or DEADLINE_EXCEEDED where nobody answers at `address`. */
export async function survey(address: string): Promise<Survey> {
  const channel = new Channel(address);
  try {
    await channel.ready(Deadline.after(QUESTION_MS));
    const agent = createClient(AgentService, channel);
    const health = createClient(Health, channel);
    const bounded = () => ({ deadline: Deadline.after(QUESTION_MS) });
    const described = await agent.describe({}, bounded()).catch(() => undefined);
    return {
      card: described?.card,
      health: await isServed(health.check({}, bounded())),
      healthList: await isServed(health.list({}, bounded())),
      reflection: await reflectionOf(channel),
      broadcast: await agent.handle({ message: { type: MessageType.BROADCAST } }, bounded()).then(
        ({ message }) => (message ? 'replies' : 'acknowledges'),
        () => 'fails' as const,
      ),
    };
  } finally {
    channel.close();
  }
}

/** A method that fails is served all the same; one that is not known is not. */
function isServed(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    (error) => RpcError.from(error).code !== Code.UNIMPLEMENTED,
  );
}

async function reflectionOf(channel: Channel): Promise<ReflectionVersion | undefined> {
  for (const version of ['v1', 'v1alpha'] as const) {
    if (await isServed(listServices(channel, version, Deadline.after(QUESTION_MS)))) return version;
  }
  return undefined;
}
