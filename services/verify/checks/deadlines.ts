import { msToDuration } from '../../protocol/ttl.ts';
import { Code } from '../../rpc/code.ts';
import { refusalIn, resultIn, seenRefusal } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { explain } from '../summarize.ts';
import { ENDLESS_MS } from '../visit.ts';

/** A time that is long enough to arrive in, and soon over, in milliseconds. */
const SHORT_MS = 400;
/** A time whose margin, 50 ms, an agent keeps unless its machine is held up, in milliseconds; and how often it may be. */
const TELLING_MS = 1000;
const TELLING_TRIES = 3;
/** The longest that a Duration can say: 10,000 years, in milliseconds. */
const AEON_MS = 315_576_000_000_000;

/** How long a message lives, and what ends the work on it. */
export const deadlineChecks: readonly Check[] = [
  {
    id: 'deadlines.expired',
    rule: 'A message with a ttl of zero has expired: DEADLINE_EXCEEDED / MESSAGE_EXPIRED, before any work.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const order = { delay_ms: ENDLESS_MS };
        return seenRefusal(await ask(visit.probe(order, { ttl: msToDuration(0) })), 'MESSAGE_EXPIRED');
      }),
  },
  {
    id: 'deadlines.negative',
    rule: 'A negative ttl is INVALID_ARGUMENT / INVALID_MESSAGE.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) =>
        seenRefusal(await ask(visit.probe({}, { ttl: msToDuration(-1000) })), 'INVALID_MESSAGE'),
      ),
  },
  {
    id: 'deadlines.maximum',
    rule: 'A ttl above 1 h is cut to 1 h: the task is done all the same.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const ttl = msToDuration(AEON_MS);
        resultIn(await ask(visit.probe({ delay_ms: 20 }, { ttl })));
        return 'RESULT, with a ttl of 10,000 years';
      }),
  },
  {
    id: 'deadlines.ttl',
    rule: 'A task whose ttl runs out while it is worked on fails DEADLINE_EXCEEDED / TASK_TIMED_OUT, then and not later.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const task = visit.probe({ delay_ms: ENDLESS_MS }, { ttl: msToDuration(SHORT_MS) });
        const sentAt = performance.now();
        const error = refusalIn(await ask(task), 'TASK_TIMED_OUT');
        const ms = performance.now() - sentAt;
        // Far from both: the deadline of the call would end it too, just before our patience.
        if (ms > (SHORT_MS + visit.patienceMs) / 2) {
          throw breach(`it ended ${Math.round(ms)} ms after it was sent, with a ttl of ${SHORT_MS} ms`);
        }
        return `${explain(error)}, with a ttl of ${SHORT_MS} ms`;
      }),
  },
  {
    id: 'deadlines.ttl-stops-work',
    rule: 'The end of the ttl reaches the handler: its work stops.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const before = await visit.inFlight();
        const answer = ask(visit.probe({ delay_ms: ENDLESS_MS }, { ttl: msToDuration(SHORT_MS) }));
        await visit.untilBusy(before + 1);
        await answer;
        await visit.untilIdle(before);
        return 'the task is in flight no more';
      }),
  },
  {
    id: 'deadlines.call',
    rule: 'The gRPC deadline of a unary call is the time to live too: when it passes, the work stops.',
    needs: ['probe'],
    async run(visit) {
      const before = await visit.inFlight();
      const call = visit.handle(visit.probe({ delay_ms: ENDLESS_MS }), { timeoutMs: SHORT_MS });
      await visit.untilBusy(before + 1);
      const { error } = await call;
      if (error?.code !== Code.DEADLINE_EXCEEDED)
        throw breach(`the call ended ${error ? explain(error) : 'well'}`);
      await visit.untilIdle(before);
      return 'DEADLINE_EXCEEDED, and the task is in flight no more';
    },
  },
  {
    id: 'deadlines.margin',
    rule: 'A unary call that runs out of time is answered the margin before its deadline: TASK_TIMED_OUT arrives.',
    needs: ['probe'],
    async run(visit) {
      for (let left = TELLING_TRIES - 1; ; left--) {
        const order = visit.probe({ delay_ms: ENDLESS_MS });
        const answer = await visit.handle(order, { timeoutMs: TELLING_MS });
        // The call is cut at its deadline by the caller: nothing that comes then arrives.
        if (left > 0 && answer.error && answer.error.details.length === 0) continue;
        return `${seenRefusal(answer, 'TASK_TIMED_OUT')}, of a call with ${TELLING_MS} ms`;
      }
    },
  },
  {
    id: 'deadlines.cancel',
    rule: 'A caller that cancels its unary call cancels the work.',
    needs: ['probe'],
    async run(visit) {
      const before = await visit.inFlight();
      const caller = new AbortController();
      const call = visit.handle(visit.probe({ delay_ms: ENDLESS_MS }), { signal: caller.signal });
      await visit.untilBusy(before + 1);
      caller.abort();
      await call;
      await visit.untilIdle(before);
      return 'the task is in flight no more';
    },
  },
];
