import type { OrchestratorService } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Handlers } from '../../rpc/handlers.ts';
import { listMessages } from '../message-log/list-messages.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import { watchMessages } from '../message-log/watch-messages.ts';
import { watchUntilDrained } from './watch.ts';

/** The part of OrchestratorService that is about what went through. */
export function messageHandlers(
  messages: MessageLog,
): Pick<Handlers<typeof OrchestratorService>, 'listMessages' | 'watchMessages'> {
  return {
    listMessages: (request) => listMessages(messages, request),

    async *watchMessages({ filter, last }, context) {
      const records = watchUntilDrained(context, (signal) =>
        watchMessages(messages, { filter, last, signal }),
      );
      for await (const record of records) yield { record };
    },
  };
}
