import { RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { msToDuration } from '../../protocol/ttl.ts';
import { Code } from '../../rpc/code.ts';
import { refusalIn, resultIn } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { explain } from '../summarize.ts';
import { ENDLESS_MS, type Visit } from '../visit.ts';

/** How long the task over the limit may wait, in milliseconds. */
const WAIT_MS = 500;

/** How many tasks an instance works on at once. */
export const capacityChecks: readonly Check[] = [
  {
    id: 'capacity.full',
    rule: 'With max_concurrency tasks in flight one more is refused RESOURCE_EXHAUSTED / OVERLOADED, with RetryInfo, or waits for its turn until it expires: MESSAGE_EXPIRED.',
    needs: ['probe', 'limit'],
    run: (visit) =>
      whileFull(visit, () =>
        atEveryDoor(visit, async (ask) => {
          const answer = await ask(visit.probe({}, { ttl: msToDuration(WAIT_MS) }));
          const error = refusalIn(answer, 'OVERLOADED', 'MESSAGE_EXPIRED');
          const at = `at ${visit.card.maxConcurrency} in flight`;
          if (error.code === Code.DEADLINE_EXCEEDED) return `${explain(error)} after a wait, ${at}`;
          if (!error.detail(RetryInfoSchema)?.retryDelay)
            throw breach(`${explain(error)}, without RetryInfo`);
          return `${explain(error)}, with RetryInfo, ${at}`;
        }),
      ),
  },
  {
    id: 'capacity.freed',
    rule: 'When one of max_concurrency tasks has ended, the next is taken.',
    needs: ['probe', 'limit'],
    async run(visit) {
      await whileFull(visit, async () => '');
      resultIn(await visit.handle(visit.probe()));
      return 'RESULT, after the others had ended';
    },
  },
];

/** Looks while as many tasks are in flight as the agent takes; they are cancelled after that. */
async function whileFull(visit: Visit, look: () => Promise<string>): Promise<string> {
  const before = await visit.inFlight();
  const callers = new AbortController();
  const room = Math.max(0, visit.card.maxConcurrency - before);
  const calls = Array.from({ length: room }, () =>
    visit.handle(visit.probe({ delay_ms: ENDLESS_MS }), { signal: callers.signal }),
  );
  try {
    await visit.untilBusy(before + room);
    return await look();
  } finally {
    callers.abort();
    await Promise.all(calls);
    await visit.untilIdle(before);
  }
}
