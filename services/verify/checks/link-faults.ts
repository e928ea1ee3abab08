import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { uuid7 } from '../../protocol/uuid7.ts';
import { resultIn, seenRefusal, toAnswer } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { explain, summarize } from '../summarize.ts';
import { ENDLESS_MS } from '../visit.ts';

/** What goes wrong on a link, and what it costs. */
export const linkFaultChecks: readonly Check[] = [
  {
    id: 'link.cancel',
    rule: 'CANCEL ends its task with one ERROR, CANCELLED / TASK_CANCELLED, and is not itself answered.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const task = link.sendOne(visit.probe({ delay_ms: ENDLESS_MS }));
      const cancel = link.sendOne({ type: MessageType.CANCEL, correlationId: task });
      const seen = seenRefusal(toAnswer(await link.answer(task)), 'TASK_CANCELLED');
      await link.settle();
      const [about, more] = [...link.about(cancel), ...link.about(task).slice(1)];
      if (about ?? more) throw breach(`beside it came ${summarize((about ?? more)!)}`);
      return `${seen}, and nothing else`;
    },
  },
  {
    id: 'link.cancel-stops-work',
    rule: 'CANCEL reaches the handler: its work stops.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const before = await visit.inFlight();
      const task = link.sendOne(visit.probe({ delay_ms: ENDLESS_MS }));
      await visit.untilBusy(before + 1);
      link.sendOne({ type: MessageType.CANCEL, correlationId: task });
      await visit.untilIdle(before);
      return 'the task is in flight no more';
    },
  },
  {
    id: 'link.cancel-unknown',
    rule: 'CANCEL of a task that is not in flight is ignored.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const done = link.sendOne(visit.probe());
      await link.answer(done);
      const cancels = [done, uuid7()].map((correlationId) =>
        link.sendOne({ type: MessageType.CANCEL, correlationId }),
      );
      await link.settle();
      const answers = [...cancels.flatMap((id) => link.about(id)), ...link.about(done).slice(1)];
      if (answers[0]) throw breach(summarize(answers[0]));
      return 'no answer, and the link lives';
    },
  },
  {
    id: 'link.duplicate-id',
    rule: 'An id that is in flight on the link: ALREADY_EXISTS / DUPLICATE_ID, which ends nothing but the second message.',
    needs: ['link', 'probe', 'two-at-once'],
    async run(visit) {
      const link = visit.openLink();
      const task = { ...visit.probe({ delay_ms: 500 }), id: uuid7() };
      link.send(task, task);
      await link.until(
        () => (link.about(task.id).length >= 2 ? true : undefined),
        'two answers about the id',
      );
      await link.settle();
      const answers = link.about(task.id).map(toAnswer);
      const errors = answers.filter(({ error }) => error);
      if (answers.length !== 2 || errors.length !== 1) {
        throw breach(`what came: ${link.about(task.id).map(summarize).join('; ')}`);
      }
      return `${seenRefusal(errors[0]!, 'DUPLICATE_ID')}, and the RESULT of the first`;
    },
  },
  {
    id: 'link.bad-message',
    rule: 'A bad message costs an ERROR, never the link.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const slow = link.sendOne(visit.probe({ delay_ms: 300 }));
      const bad = [
        link.sendOne({ type: 99 as MessageType }),
        link.sendOne({ capability: 'conformance.there-is-no-such-thing' }),
        link.sendOne(visit.probe({}, { ttl: { seconds: -1n, nanos: 0 } })),
      ];
      for (const id of bad) {
        if (!toAnswer(await link.answer(id)).error) throw breach('a bad message was answered well');
      }
      resultIn(toAnswer(await link.answer(slow)));
      resultIn(toAnswer(await link.ask(visit.probe())));
      return '3 ERRORs, and the RESULTs of the tasks before and after';
    },
  },
  {
    id: 'link.stray-reply',
    rule: 'A reply to an unknown id does not hurt the link.',
    needs: ['link'],
    async run(visit) {
      const link = visit.openLink();
      for (const type of [MessageType.RESULT, MessageType.ERROR, MessageType.PROGRESS]) {
        link.sendOne({ type, correlationId: uuid7() });
      }
      await link.settle();
      return 'the link lives';
    },
  },
  {
    id: 'link.broken',
    rule: 'When the link breaks, the server cancels its tasks.',
    needs: ['link', 'probe'],
    async run(visit) {
      const before = await visit.inFlight();
      const link = visit.openLink();
      link.sendOne(visit.probe({ delay_ms: ENDLESS_MS }));
      await visit.untilBusy(before + 1);
      link.break();
      await visit.untilIdle(before);
      return 'the task is in flight no more';
    },
  },
  {
    id: 'link.reconnect',
    rule: 'After a link broke another can be opened, and nothing of the old one is replayed on it.',
    needs: ['link', 'probe'],
    async run(visit) {
      const before = await visit.inFlight();
      const first = visit.openLink();
      const lost = first.sendOne(visit.probe({ delay_ms: 300 }));
      await visit.untilBusy(before + 1);
      first.break();
      await visit.untilIdle(before);
      const second = visit.openLink();
      resultIn(toAnswer(await second.ask(visit.probe({ delay_ms: 500 }))));
      if (second.about(lost)[0]) throw breach(`of the old link came ${summarize(second.about(lost)[0]!)}`);
      return 'the new link answers, and tells nothing of the old';
    },
  },
  {
    id: 'link.half-close',
    rule: 'At half-close the server answers what is in flight, then ends OK.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const tasks = Array.from({ length: visit.capacity(2) }, () =>
        link.sendOne(visit.probe({ delay_ms: 300 })),
      );
      link.halfClose();
      for (const id of tasks) resultIn(toAnswer(await link.answer(id)));
      const error = await link.ended();
      if (error) throw breach(`it ended ${explain(error)}`);
      return `${tasks.length} RESULTs, then OK`;
    },
  },
  {
    id: 'link.half-close-idle',
    rule: 'At half-close with nothing in flight the server ends OK.',
    needs: ['link'],
    async run(visit) {
      const link = visit.openLink();
      await link.settle();
      link.halfClose();
      const error = await link.ended();
      if (error) throw breach(`it ended ${explain(error)}`);
      return 'OK';
    },
  },
];
