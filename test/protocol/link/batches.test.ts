import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { MAX_MESSAGE_BYTES } from '../../../services/protocol/message.ts';
import { resultOf } from '../../../services/protocol/reply.ts';
import { serveTasks } from './links.ts';
import { heartbeat, refusalIn, sized, task } from './messages.ts';
import { RawOpener } from './raw-link.ts';

const { RESULT, HEARTBEAT } = MessageType;

describe('The batches of a link', () => {
  it('puts at most 256 messages in a batch', async () => {
    const answers: (() => void)[] = [];
    const { client } = await serveTasks({
      task: (task, sink) => {
        const waiting = answers.push(() => sink.result(resultOf(task, null)));
        if (waiting === 600) for (const answer of answers) answer();
      },
    });
    const opener = new RawOpener(client);
    opener.say(...Array.from({ length: 600 }, (_, n) => task(`${n}`)));
    await opener.take(600);
    expect(opener.batches.map(({ count }) => count)).toEqual([256, 256, 88]);
  });

  it('puts at most 256 KiB in a batch, and a bigger message alone', async () => {
    const { client } = await serveTasks({
      task: (task, sink) => sink.result(sized(resultOf(task, null), Number(task.task))),
    });
    const opener = new RawOpener(client);
    const KIB = 1024;
    // A message costs the tag and the length in front of it as well: four bytes at this size.
    const sizes = [128 * KIB - 4, 128 * KIB - 4, 128 * KIB - 4, 128 * KIB - 3, 300 * KIB, 1 * KIB];
    opener.say(...sizes.map((size, n) => task(`${n}`, { task: `${size}` })));
    await opener.take(sizes.length);
    expect(opener.batches.map(({ count }) => count)).toEqual([2, 1, 1, 1, 1]);
    expect(opener.batches[0]!.bytes).toBe(256 * KIB);
  });

  it('sends the largest message that there may be, and an ERROR in place of a larger one', async () => {
    const { client } = await serveTasks({
      task: (task, sink) => sink.result(sized(resultOf(task, null), Number(task.task))),
    });
    const opener = new RawOpener(client);
    opener.say(task('fits', { task: `${MAX_MESSAGE_BYTES}` }));
    expect(await opener.next()).toMatchObject({ type: RESULT, correlationId: 'fits' });
    opener.say(task('too large', { task: `${MAX_MESSAGE_BYTES + 1}` }), heartbeat('after'));
    expect(refusalIn(await opener.next())).toEqual({ about: 'too large', reason: 'MESSAGE_TOO_LARGE' });
    expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
  });

  it('sends an ERROR also where that is as large as a message may be, since it repeats the id', async () => {
    const { client } = await serveTasks({
      task: (task, sink) => sink.result(resultOf(task, 'too large with it'.repeat(20))),
    });
    const opener = new RawOpener(client);
    const id = 'x'.repeat(MAX_MESSAGE_BYTES - 100);
    opener.say(task(id), heartbeat('after'));
    expect(refusalIn(await opener.next())).toEqual({ about: id, reason: 'MESSAGE_TOO_LARGE' });
    expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
  });
});
