import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { reasonOf } from '../../protocol/reason.ts';
import { msToDuration } from '../../protocol/ttl.ts';
import { uuid7 } from '../../protocol/uuid7.ts';
import { seenRefusal } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { explain, summarize, typeName } from '../summarize.ts';

/** News for every agent. */
function news() {
  return { id: uuid7(), sender: 'troupe-verify', type: MessageType.BROADCAST };
}

/** News for every agent, and what it is answered with. */
export const broadcastChecks: readonly Check[] = [
  {
    id: 'broadcast.reply',
    rule: 'A BROADCAST may be answered by a reply: a RESULT or ERROR about it.',
    needs: ['replies'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const message = news();
        const { reply, error } = await ask(message);
        // A gRPC status means the same as an ERROR, where somebody gave it a reason.
        if (error && !reply && reasonOf(error)) return explain(error);
        if (error && !reply) throw error;
        if (!reply) throw breach('no message, though it replied to the same before');
        const isReply = reply.type === MessageType.RESULT || reply.type === MessageType.ERROR;
        if (!isReply || reply.correlationId !== message.id) throw breach(summarize(reply));
        return typeName(reply.type);
      }),
  },
  {
    id: 'broadcast.acknowledgement',
    rule: 'A BROADCAST may be acknowledged: on Handle by a response without a message.',
    needs: ['acknowledges'],
    async run(visit) {
      const { reply, error } = await visit.handle(news());
      if (error) throw error;
      if (reply) throw breach(summarize(reply));
      return 'no message';
    },
  },
  {
    id: 'broadcast.link-acknowledgement',
    rule: 'On a link a BROADCAST is acknowledged by a RESULT without a payload.',
    needs: ['link', 'acknowledges'],
    async run(visit) {
      const reply = await visit.openLink().ask(news());
      if (reply.type !== MessageType.RESULT) throw breach(summarize(reply));
      if (reply.payload !== undefined)
        throw breach('a RESULT with a payload, though on Handle there is no message');
      return 'RESULT without a payload';
    },
  },
  {
    id: 'broadcast.expired',
    rule: 'A BROADCAST that has expired is refused DEADLINE_EXCEEDED / MESSAGE_EXPIRED, before any work.',
    run: (visit) =>
      atEveryDoor(visit, async (ask) =>
        seenRefusal(await ask({ ...news(), ttl: msToDuration(0) }), 'MESSAGE_EXPIRED'),
      ),
  },
];
