import type { AgentCard } from '../../gen/troupe/v1/agent_card_pb.js';
import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { type AgentService, AgentServiceLinkResponseSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import { encodedSize } from '../protocol/encoded.ts';
import { type BroadcastScope, serveLink } from '../protocol/link/serve-link.ts';
import { admitSize, completeMessage, forwardMetadata } from '../protocol/message.ts';
import { troupeError } from '../protocol/reason.ts';
import { errorOf, heartbeatOf } from '../protocol/reply.ts';
import { resultOfTask } from '../protocol/task-sink.ts';
import { onwardMs } from '../protocol/ttl.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { Deadline } from '../rpc/deadline.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { AgentDefinition } from './definition.ts';
import type { History } from './history.ts';
import { takeBroadcast } from './take-broadcast.ts';
import type { Tally } from './tally.ts';
import type { TaskRunner } from './task-runner.ts';

/** What AgentService is served from. */
export interface AgentParts {
  definition: AgentDefinition;
  card: AgentCard;
  runner: TaskRunner;
  history: History;
  tally: Tally;
}

/** AgentService: Describe, Handle and Link, all from the same runner. */
export function agentHandlers({
  definition,
  card,
  runner,
  history,
  tally,
}: AgentParts): Handlers<typeof AgentService> {
  const from = { sender: card.id };

  const broadcast = (message: AgentMessage, scope: BroadcastScope) =>
    takeBroadcast(message, scope, { definition, history });

  const answer = async (message: AgentMessage, context: CallContext): Promise<AgentMessage | undefined> => {
    const { signal, log } = context;
    // At the deadline itself gRPC cuts the call, and the reason is lost.
    const deadline = Deadline.after(onwardMs(context.deadline.remainingMs));
    switch (message.type) {
      case MessageType.TASK:
        return resultOfTask((sink) => runner.run(message, sink, { signal, log, deadline }));
      case MessageType.BROADCAST:
        return broadcast(message, { signal, deadline });
      case MessageType.HEARTBEAT:
        return heartbeatOf(message, tally.heartbeat(), from);
      default:
        throw troupeError(
          'UNKNOWN_MESSAGE_TYPE',
          `Handle takes TASK, BROADCAST and HEARTBEAT, not ${MessageType[message.type] ?? `type ${message.type}`}.`,
          { agent: card.id },
        );
    }
  };

  return {
    describe: () => ({ card }),

    async handle(request, context) {
      if (!request.message) {
        throw troupeError('INVALID_MESSAGE', 'The request holds no message: set its field `message`.', {
          violations: [{ field: 'message', description: 'is missing' }],
        });
      }
      const message = forwardMetadata(completeMessage(request.message), context.headers);
      try {
        const reply = await answer(message, context);
        if (!reply) return {};
        admitSize(encodedSize(reply));
        return { message: reply };
      } catch (error) {
        return { message: errorOf(message, RpcError.from(error), from) };
      }
    },

    link: (requests, context) =>
      serveLink(requests, context, {
        id: card.id,
        schema: AgentServiceLinkResponseSchema,
        task: (task, sink, scope) => runner.run(task, sink, scope),
        broadcast,
        heartbeat: () => tally.heartbeat(),
      }),
  };
}
