import { Code, codeName } from '../../rpc/code.ts';
import { ServingStatus } from '../../rpc/health.ts';
import { resultIn, seenRefusal } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import type { LinkDrain } from '../drain-record.ts';
import { explain, summarize } from '../summarize.ts';
import type { Visit } from '../visit.ts';

/** How an instance leaves. The agent is gone after these, so they come last. */
export const drainChecks: readonly Check[] = [
  {
    id: 'drain.finishes',
    rule: 'A task that is in flight on Handle at SIGTERM is finished.',
    needs: ['probe', 'process'],
    async run(visit) {
      resultIn(await (await visit.drained()).handled);
      return 'RESULT';
    },
  },
  {
    id: 'drain.link-finishes',
    rule: 'A task that is in flight on a link at SIGTERM is finished.',
    needs: ['probe', 'process', 'link', 'two-at-once'],
    async run(visit) {
      resultIn((await (await linkOf(visit)).finished) ?? {});
      return 'RESULT';
    },
  },
  {
    id: 'drain.refuses',
    rule: 'A task that comes after SIGTERM is refused UNAVAILABLE: no work was done.',
    needs: ['probe', 'process'],
    async run(visit) {
      const { reply, error } = await (await visit.drained()).refused;
      // A server that takes no connection any more says so in its own words.
      if (error?.code !== Code.UNAVAILABLE) {
        throw breach(
          error
            ? `it failed ${explain(error)}`
            : `it was answered: ${reply ? summarize(reply) : 'no message'}`,
        );
      }
      return explain(error);
    },
  },
  {
    id: 'drain.health',
    rule: 'Health turns NOT_SERVING at SIGTERM, while the rest is finished.',
    needs: ['probe', 'process', 'health'],
    async run(visit) {
      const told = (await (await visit.drained()).health) ?? [];
      const names = told.map((status) => ServingStatus[status]).join(', ');
      if (!told.includes(ServingStatus.NOT_SERVING))
        throw breach(`the watcher was told ${names || 'nothing'}`);
      return names;
    },
  },
  {
    id: 'drain.heartbeat',
    rule: 'A draining server sends HEARTBEAT with status DRAINING, without correlation_id, on every link.',
    needs: ['probe', 'process', 'link'],
    async run(visit) {
      const heartbeat = await (await linkOf(visit)).heartbeat;
      if (heartbeat.correlationId) throw breach(`it says that it is about ${heartbeat.correlationId}`);
      return 'HEARTBEAT DRAINING';
    },
  },
  {
    id: 'drain.crossed',
    rule: 'A TASK on a link that crossed the news gets UNAVAILABLE / DRAINING.',
    needs: ['probe', 'process', 'link'],
    run: async (visit) => seenRefusal(await (await linkOf(visit)).crossed, 'DRAINING'),
  },
  {
    id: 'drain.link-end',
    rule: 'When what was in flight is finished, the link ends UNAVAILABLE.',
    needs: ['probe', 'process', 'link'],
    async run(visit) {
      const link = await linkOf(visit);
      const error = await link.ended;
      if (error?.code !== Code.UNAVAILABLE) throw breach(`it ended ${codeName(error?.code ?? Code.OK)}`);
      return explain(error);
    },
  },
  {
    id: 'drain.exit',
    rule: 'The process ends once all is finished.',
    needs: ['probe', 'process'],
    run: async (visit) => (await visit.drained()).exited,
  },
];

async function linkOf(visit: Visit): Promise<LinkDrain> {
  const { link } = await visit.drained();
  if (!link) throw breach('no link was open');
  return link;
}
