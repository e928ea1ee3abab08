import { create } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { AgentMessageSchema, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { MAX_HOPS } from '../../protocol/message.ts';
import { uuid7 } from '../../protocol/uuid7.ts';
import { probed, receivedIn, resultIn, seenRefusal } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { shown } from '../summarize.ts';
import { VERIFIER } from '../visit.ts';

/** A type that no revision has given a name. */
const UNKNOWN_TYPE = 99 as MessageType;
/** A field that no revision has given a name. */
const UNKNOWN_FIELD = { no: 1999, wireType: WireType.Varint, data: new Uint8Array([7]) };

/** The envelope: what each type of message is answered with, and how its fields are read. */
export const messageChecks: readonly Check[] = [
  {
    id: 'messages.result',
    rule: 'A TASK is answered by exactly one RESULT or ERROR.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { echo } = probed(await ask(visit.probe({ echo: 'hello' })));
        if (echo !== 'hello')
          throw breach(`the probe was to echo "hello", and answered ${JSON.stringify(echo ?? null)}`);
        return 'RESULT, with the echo';
      }),
  },
  {
    id: 'messages.correlation',
    rule: 'A reply says in correlation_id which message it is about.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const task = visit.probe({}, { correlationId: "the sender's own grouping" });
        const { correlationId } = resultIn(await ask(task));
        if (correlationId !== task.id)
          throw breach(`correlation_id "${correlationId}" for the task ${task.id}`);
        return "the task's id";
      }),
  },
  {
    id: 'messages.reply-id',
    rule: 'A reply is a message of its own: it does not take the id of the one that it is about.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const task = visit.probe();
        const { id } = resultIn(await ask(task));
        if (id === task.id) throw breach("the reply has the task's id");
        return id === '' ? 'an empty id, for the receiver to fill in' : 'an id of its own';
      }),
  },
  {
    id: 'messages.addresses',
    rule: 'A reply comes from the agent, and goes to the sender of what it is about.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { sender, receiver } = resultIn(await ask(visit.probe()));
        const fits = (sender || visit.card.id) === visit.card.id && (receiver || VERIFIER) === VERIFIER;
        if (!fits) throw breach(`from "${sender}" to "${receiver}", asked by ${VERIFIER}`);
        return `from "${sender}" to "${receiver}"`;
      }),
  },
  {
    id: 'messages.bare',
    rule: 'Empty id, sender, timestamp and type are filled in by the receiver; UNSPECIFIED means TASK.',
    needs: ['probe'],
    async run(visit) {
      const { capability = '', payload } = visit.probe();
      const { correlationId } = resultIn(await visit.handle({ capability, ...(payload && { payload }) }));
      if (correlationId === '') throw breach('the RESULT names no message: no id was made for the task');
      return `RESULT, about ${correlationId}`;
    },
  },
  {
    id: 'messages.unknown-type',
    rule: 'A type that is not known is refused UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE.',
    run: (visit) =>
      atEveryDoor(visit, async (ask) =>
        seenRefusal(await ask({ id: uuid7(), type: UNKNOWN_TYPE }), 'UNKNOWN_MESSAGE_TYPE'),
      ),
  },
  {
    id: 'messages.replies-on-handle',
    rule: 'Handle takes TASK, BROADCAST and HEARTBEAT: a RESULT, ERROR or PROGRESS is refused UNKNOWN_MESSAGE_TYPE.',
    async run(visit) {
      let seen = '';
      for (const type of [MessageType.RESULT, MessageType.ERROR, MessageType.PROGRESS]) {
        seen = seenRefusal(await visit.handle({ id: uuid7(), type }), 'UNKNOWN_MESSAGE_TYPE');
      }
      return seen;
    },
  },
  {
    id: 'messages.missing',
    rule: 'A HandleRequest without its message is refused INVALID_ARGUMENT / INVALID_MESSAGE.',
    run: async (visit) => seenRefusal(await visit.handleNothing(), 'INVALID_MESSAGE'),
  },
  {
    id: 'messages.unknown-field',
    rule: 'A field that is not known does not hurt.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const task = create(AgentMessageSchema, visit.probe());
        task.$unknown = [UNKNOWN_FIELD];
        resultIn(await ask(task));
        return `RESULT, though the task has a field ${UNKNOWN_FIELD.no}`;
      }),
  },
  {
    id: 'messages.unknown-capability',
    rule: 'A capability that the agent has not is NOT_FOUND / CAPABILITY_NOT_FOUND.',
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const task = {
          id: uuid7(),
          type: MessageType.TASK,
          capability: 'conformance.there-is-no-such-thing',
        };
        return seenRefusal(await ask(task), 'CAPABILITY_NOT_FOUND');
      }),
  },
  {
    id: 'messages.no-capability',
    rule: 'A task may leave capability empty only where the agent has exactly one.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const answer = await ask(visit.probe({}, { capability: '', receiver: visit.card.id }));
        const count = visit.card.capabilities.length;
        if (count > 1)
          return `${count} capabilities: ${seenRefusal(answer, 'CAPABILITY_NOT_FOUND', 'INVALID_MESSAGE')}`;
        resultIn(answer);
        return 'one capability: RESULT';
      }),
  },
  {
    id: 'messages.fields',
    rule: "A task's attempt, idempotency_key, hops, sender and headers reach the handler as they came.",
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const headers = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, 'x-own': 'ünï' };
        const init = { attempt: 3, idempotencyKey: 'key-1', hops: 2, headers };
        const received = receivedIn(await ask(visit.probe({}, init)));
        const wanted = { attempt: 3, idempotency_key: 'key-1', hops: 2, sender: VERIFIER };
        for (const [field, value] of [...Object.entries(wanted), ...Object.entries(headers)]) {
          const came = { ...received, ...(received.headers as object) }[field];
          if (came !== value) throw breach(`${field} came as ${shown(JSON.stringify(came ?? null))}`);
        }
        return 'all as they were sent';
      }),
  },
  {
    id: 'messages.routing',
    rule: "A task's routing is for the orchestrator alone: an agent does the task, whatever it says.",
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const labels = { 'conformance.there-is-no-such-label': 'x' };
        const routing = { labels, affinityKey: 'key-1', hedge: true };
        resultIn(await ask(visit.probe({}, { routing })));
        return 'RESULT, though it asks for a label that the agent has not';
      }),
  },
  {
    id: 'messages.trace-metadata',
    rule: 'Of the gRPC metadata of a unary call traceparent, tracestate and baggage enter the headers; authorization never does.',
    needs: ['probe'],
    async run(visit) {
      const sent = {
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        baggage: 'a=1',
        authorization: 'Bearer x',
      };
      const { headers } = receivedIn(await visit.handle(visit.probe(), { headers: sent }));
      const { traceparent, baggage, authorization } = headers as Record<string, unknown>;
      if (authorization !== undefined) throw breach('authorization came as a header');
      if (traceparent !== sent.traceparent || baggage !== sent.baggage) {
        throw breach(`the headers are ${shown(JSON.stringify(headers))}`);
      }
      return 'traceparent and baggage came, authorization did not';
    },
  },
  {
    id: 'messages.hop-limit',
    rule: `hops over ${MAX_HOPS} is FAILED_PRECONDITION / HOP_LIMIT; ${MAX_HOPS} is not.`,
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        resultIn(await ask(visit.probe({}, { hops: MAX_HOPS })));
        const over = await ask(visit.probe({}, { hops: MAX_HOPS + 1 }));
        return `${MAX_HOPS}: RESULT, ${MAX_HOPS + 1}: ${seenRefusal(over, 'HOP_LIMIT')}`;
      }),
  },
];
