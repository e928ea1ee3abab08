import { RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { refusalIn, resultIn } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { explain } from '../summarize.ts';
import { ENDLESS_MS, type Visit } from '../visit.ts';

/** How many tasks an instance works on at once. */
export const capacityChecks: readonly Check[] = [
  {
    id: 'capacity.full',
    rule: 'With max_concurrency tasks in flight one more is refused RESOURCE_EXHAUSTED / OVERLOADED, with RetryInfo.',
    needs: ['probe', 'limit'],
    run: (visit) =>
      whileFull(visit, () =>
        atEveryDoor(visit, async (ask) => {
          const error = refusalIn(await ask(visit.probe()), 'OVERLOADED');
          if (!error.detail(RetryInfoSchema)?.retryDelay)
            throw breach(`${explain(error)}, without RetryInfo`);
          return `${explain(error)}, with RetryInfo, at ${visit.card.maxConcurrency} in flight`;
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
