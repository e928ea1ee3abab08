import { toBinary } from '@bufbuild/protobuf';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkResponseSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { uuid7 } from '../../protocol/uuid7.ts';
import { fromValue } from '../../protocol/value.ts';
import { probed, resultIn, toAnswer } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import type { RawLink } from '../raw-link.ts';
import { shown, summarize } from '../summarize.ts';

/** How many messages a batch may hold, and how many bytes unless it holds but one. */
const MAX_BATCH_MESSAGES = 256;
const MAX_BATCH_BYTES = 256 * 1024;

/** Many messages at once on one link: batches, order, and who waits for whom. */
export const conversationChecks: readonly Check[] = [
  {
    id: 'link.batch',
    rule: 'A batch of 256 messages is taken, and each of them answered once.',
    needs: ['link'],
    async run(visit) {
      const link = visit.openLink();
      const messages = heartbeats(MAX_BATCH_MESSAGES);
      link.send(...messages);
      for (const { id } of messages) await link.answer(id);
      await link.settle();
      const twice = messages.filter(({ id }) => link.about(id).length > 1);
      if (twice.length > 0) throw breach(`${twice.length} of them were answered more than once`);
      return `${messages.length} answers in ${link.batches.length} batches`;
    },
  },
  {
    id: 'link.batch-bounds',
    rule: 'The server too batches at most 256 messages, and 256 KiB unless it is one alone.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const many = heartbeats(4 * MAX_BATCH_MESSAGES);
      for (let i = 0; i < many.length; i += MAX_BATCH_MESSAGES)
        link.send(...many.slice(i, i + MAX_BATCH_MESSAGES));
      const large = Array.from({ length: visit.capacity(8) }, () => ({
        ...visit.probe({ size: 100_000 }),
        id: uuid7(),
      }));
      link.send(...large);
      for (const { id } of [...many, ...large]) await link.answer(id);
      const sizes = link.batches.map((batch) => ({
        messages: batch.messages.length,
        bytes: toBinary(AgentServiceLinkResponseSchema, batch).length,
      }));
      const over = sizes.find(
        ({ messages, bytes }) => messages > MAX_BATCH_MESSAGES || (messages > 1 && bytes > MAX_BATCH_BYTES),
      );
      if (over) throw breach(`a batch of ${over.messages} messages and ${over.bytes} bytes`);
      const most = Math.max(...sizes.map(({ messages }) => messages));
      return `${sizes.length} batches, of at most ${most} messages`;
    },
  },
  {
    id: 'link.lone-message',
    rule: 'A lone message is never held back to fill a batch.',
    needs: ['link'],
    async run(visit) {
      const link = visit.openLink();
      for (let i = 0; i < 5; i++) await link.settle();
      return '5 answers, each before the next message was sent';
    },
  },
  {
    id: 'link.empty-batch',
    rule: 'A batch may be empty.',
    needs: ['link'],
    async run(visit) {
      const link = visit.openLink();
      link.send();
      await link.settle();
      return 'nothing happens, and the link lives';
    },
  },
  {
    id: 'link.correlation',
    rule: "Every message of the server's says in correlation_id what it is about.",
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const sent = [
        link.sendOne(visit.probe({ progress: 3 })),
        link.sendOne({ type: MessageType.BROADCAST }),
        link.sendOne({ type: MessageType.HEARTBEAT }),
      ];
      for (const id of sent) await link.answer(id);
      sent.push(link.sendOne(visit.probe({ fail: 'as ordered' })));
      await link.answer(sent.at(-1)!);
      const stray = link.received.find(({ correlationId }) => !sent.includes(correlationId));
      if (stray) throw breach(summarize(stray));
      return `${link.received.length} messages, each about one that was sent`;
    },
  },
  {
    id: 'link.interleaving',
    rule: 'Between tasks there is no order: a quick one does not wait for a slow one.',
    needs: ['link', 'probe', 'two-at-once'],
    async run(visit) {
      const link = visit.openLink();
      const slow = link.sendOne(visit.probe({ delay_ms: 1000 }));
      const quick = link.sendOne(visit.probe());
      resultIn(toAnswer(await link.answer(quick)));
      if (link.about(slow).length > 0) throw breach('the quick one was answered after the slow one');
      resultIn(toAnswer(await link.answer(slow)));
      return 'the one that came later was answered first';
    },
  },
  {
    id: 'link.heartbeat-under-load',
    rule: 'A HEARTBEAT is answered while tasks are in flight.',
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const task = link.sendOne(visit.probe({ delay_ms: 1000 }));
      await link.settle();
      if (link.about(task).length > 0) throw breach('it was answered after the task');
      resultIn(toAnswer(await link.answer(task)));
      return 'answered before the task';
    },
  },
  {
    id: 'link.progress',
    rule: "A task's PROGRESS come in the order of their sequence, from 1, and before its RESULT.",
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const tasks = Array.from({ length: visit.capacity(2) }, () =>
        link.sendOne(visit.probe({ progress: 100 })),
      );
      for (const id of tasks) resultIn(toAnswer(await link.answer(id)));
      for (const id of tasks) expectOrder(link, id, 100);
      return `${tasks.length} × 100 PROGRESS, 1 to 100, then the RESULT`;
    },
  },
  {
    id: 'link.last-word',
    rule: "Nothing follows a task's RESULT or ERROR.",
    needs: ['link', 'probe'],
    async run(visit) {
      const link = visit.openLink();
      const tasks = [link.sendOne(visit.probe({ progress: 5 }))];
      await link.answer(tasks[0]!);
      tasks.push(link.sendOne(visit.probe({ fail: 'as ordered' })));
      await link.answer(tasks[1]!);
      for (let i = 0; i < 3; i++) await link.settle();
      for (const id of tasks) {
        const about = link.about(id);
        const end = about.findIndex(({ type }) => type !== MessageType.PROGRESS);
        const after = about[end + 1];
        if (after) throw breach(`after it came ${summarize(after)}`);
      }
      return 'nothing came after either';
    },
  },
  {
    id: 'link.two-links',
    rule: 'An id is taken on its own link only: the same on another is another task, and each is answered where it came from.',
    needs: ['link', 'probe', 'two-at-once'],
    async run(visit) {
      const id = uuid7();
      const links = ['a', 'b'].map((name) => ({ name, link: visit.openLink() }));
      for (const { name, link } of links) link.sendOne(visit.probe({ delay_ms: 200, echo: name }, { id }));
      for (const { name, link } of links) {
        const { echo } = probed(toAnswer(await link.answer(id)));
        if (echo !== name) throw breach(`on link ${name} came ${shown(JSON.stringify(echo ?? null))}`);
      }
      return 'two RESULTs, each on its link';
    },
  },
];

function heartbeats(count: number) {
  return Array.from({ length: count }, () => ({ id: uuid7(), type: MessageType.HEARTBEAT }));
}

/** Refuses the PROGRESS of a task that are not 1 to `count`, or not all before its end. */
function expectOrder(link: RawLink, id: string, count: number): void {
  const about = link.about(id);
  const progress = about.filter(({ type }) => type === MessageType.PROGRESS);
  if (progress.length !== count) throw breach(`${progress.length} PROGRESS of ${count}`);
  for (const [i, { sequence, payload }] of progress.entries()) {
    const { n } = (fromValue(payload) ?? {}) as { n?: unknown };
    if (sequence !== i + 1 || n !== i + 1)
      throw breach(`as number ${i + 1} came sequence ${sequence}, n ${n}`);
  }
  if (about.at(-1)?.type === MessageType.PROGRESS) throw breach('a PROGRESS came after the RESULT');
}
